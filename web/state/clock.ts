// SPDX-License-Identifier: Apache-2.0
// The page's one tick. Only the few text nodes that show a time left depend on it; lists never do.
import { createSignal } from "solid-js";
import { serverNow } from "../api/client";

const [now, setNow] = createSignal(serverNow());
export { now };

function tick(): void {
  setNow(serverNow());
  window.setTimeout(tick, 1000 - (Date.now() % 1000));
}
window.setTimeout(tick, 1000);
document.addEventListener("visibilitychange", () => setNow(serverNow()));
