// SPDX-License-Identifier: Apache-2.0
// Shows what an edit changed.
import { createMemo, For, Show } from "solid-js";
import { t } from "../i18n/en";
import { diffWords } from "./words";

export function Diff(props: { before: string; after: string }) {
  const changes = createMemo(() => diffWords(props.before, props.after));
  return (
    <Show when={changes()} fallback={<><bdi>{props.after}</bdi> <small>({t.case.versionTooLong})</small></>}>
      {(list) => (
        <bdi>
          <For each={list()}>
            {(one) =>
              one.kind === "same" ? (
                one.text
              ) : one.kind === "added" ? (
                <ins><span class="hidden">[{t.case.addedText}: </span>{one.text}<span class="hidden">]</span></ins>
              ) : (
                <del><span class="hidden">[{t.case.removedText}: </span>{one.text}<span class="hidden">]</span></del>
              )
            }
          </For>
        </bdi>
      )}
    </Show>
  );
}
