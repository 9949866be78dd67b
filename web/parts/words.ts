// SPDX-License-Identifier: Apache-2.0
// What an edit changed, word by word (longest common subsequence; small because posts are).

export interface Change {
  kind: "same" | "added" | "removed";
  text: string;
}
const MAX_CELLS = 400_000;

/** null when the texts are too long to compare. */
export function diffWords(before: string, after: string): Change[] | null {
  const a = before.split(/(\s+)/).filter(Boolean);
  const b = after.split(/(\s+)/).filter(Boolean);
  if ((a.length + 1) * (b.length + 1) > MAX_CELLS) return null;
  const width = b.length + 1;
  const best = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i * width + j] =
        a[i] === b[j]
          ? (best[(i + 1) * width + j + 1] as number) + 1
          : Math.max(best[(i + 1) * width + j] as number, best[i * width + j + 1] as number);
  const changes: Change[] = [];
  const put = (kind: Change["kind"], text: string) => {
    const last = changes[changes.length - 1];
    if (last?.kind === kind) last.text += text;
    else changes.push({ kind, text });
  };
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      put("same", a[i++] as string);
      j++;
    } else if (i < a.length && (j >= b.length || (best[(i + 1) * width + j] as number) >= (best[i * width + j + 1] as number))) {
      put("removed", a[i++] as string);
    } else {
      put("added", b[j++] as string);
    }
  }
  return changes;
}
