// SPDX-License-Identifier: Apache-2.0
// Text from outside, with the words that counted marked. Only ever text nodes: the browser gets no chance to see markup.
// Direction overrides and the like are isolated by <bdi>, so that a post cannot rearrange the page around it.
import { For, Show } from "solid-js";
import type { Reason } from "../api/ops";
import { plainWord } from "../i18n/en";
import { cutPieces } from "./pieces";

export function Marked(props: { text: string; reasons: readonly Reason[] | undefined; field: Reason["field"] }) {
  const pieces = () => cutPieces(props.text, (props.reasons ?? []).filter((r) => r.field === props.field));
  return (
    <bdi class="said-words">
      <For each={pieces()}>
        {(piece) => (
          <Show when={piece.labels.length} fallback={piece.text}>
            <mark title={piece.labels.map(plainWord).join(", ")}>{piece.text}</mark>
          </Show>
        )}
      </For>
    </bdi>
  );
}
