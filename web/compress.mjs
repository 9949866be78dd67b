// SPDX-License-Identifier: Apache-2.0
// Puts a .gz and a .br beside every file of the built page that gets smaller by it. Usage: node compress.mjs DIST
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = process.argv[2];
if (!dist) {
  console.error("usage: node compress.mjs DIST");
  process.exit(2);
}
const walk = (dir) => readdirSync(dir).sort().flatMap((name) => (statSync(join(dir, name)).isDirectory() ? walk(join(dir, name)) : [join(dir, name)]));

let total = 0;
for (const path of walk(dist).filter((one) => !/\.(gz|br)$/.test(one))) {
  const bytes = readFileSync(path);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  if (gz.length < bytes.length) writeFileSync(`${path}.gz`, gz);
  if (br.length < bytes.length) writeFileSync(`${path}.br`, br);
  if (/\.(js|css)$/.test(path)) total += Math.min(gz.length, bytes.length);
  console.log(`${path}: ${bytes.length} bytes, gzip ${gz.length}, brotli ${br.length}`);
}
console.log(`JavaScript and CSS, gzip: ${total} bytes`);
