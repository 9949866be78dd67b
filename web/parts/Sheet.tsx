// SPDX-License-Identifier: Apache-2.0
// A dialog on the browser's own <dialog>: focus stays inside, Escape closes, and focus goes back where it was.
import { onMount, type JSX } from "solid-js";
import { t } from "../i18n/en";

export function Sheet(props: { title: string; class?: string; onClose: () => void; children: JSX.Element }) {
  let dialog!: HTMLDialogElement;
  onMount(() => dialog.showModal());
  return (
    <dialog
      ref={dialog}
      class={`sheet ${props.class ?? ""}`}
      aria-label={props.title}
      onClose={() => props.onClose()}
      onClick={(event) => event.target === dialog && dialog.close()}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2>{props.title}</h2>
          <button type="button" class="icon-button" aria-label={t.close} onClick={() => dialog.close()}>×</button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
