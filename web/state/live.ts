// SPDX-License-Identifier: Apache-2.0
// What the live feed means for the page: rows change in place, new ones are counted, the open case loads what is new.
import { createSignal } from "solid-js";
import { listenLive } from "../api/live";
import * as ops from "../api/ops";
import { caseList, loadViews, tellCaseChanged } from "./cases";
import { route } from "./router";
import { setIsReachable, setSession } from "./session";

/** Grows when something was said or noted in a case; the open case watches it. */
const [touched, setTouched] = createSignal<{ caseId: number; kind: string } | null>(null, { equals: false });
export { touched };

const GATHER_MS = 400;
const waiting = new Map<number, string>();
let timer = 0;

/** A burst of events about a case costs one request. */
async function settle(): Promise<void> {
  timer = 0;
  const batch = [...waiting];
  waiting.clear();
  void loadViews();
  for (const [id, kind] of batch) {
    const isOpen = route().caseId === id;
    if (caseList.has(id) || isOpen) {
      try {
        tellCaseChanged(await ops.getCase(id));
      } catch {
        /* gone or unreachable: the row stays as it was */
      }
      if (isOpen) setTouched({ caseId: id, kind });
    } else if (kind.startsWith("case.created") || kind.startsWith("post.")) {
      caseList.noteFresh(id);
    }
  }
}

export function startLive(): () => void {
  return listenLive({
    onEvent(event) {
      if (event.kind === "reset") {
        void caseList.refresh();
        void loadViews();
        return;
      }
      if (!event.case_id) return;
      // The creation of a case is what makes it new, even when its first post comes along in the same burst.
      if (waiting.get(event.case_id) !== "case.created") waiting.set(event.case_id, event.kind);
      if (!timer) timer = window.setTimeout(() => void settle(), GATHER_MS);
    },
    onState: setIsReachable,
    onSignedOut: () => setSession(null),
  });
}
