// SPDX-License-Identifier: Apache-2.0
import { For, Show } from "solid-js";
import { t } from "../i18n/en";
import { navigate } from "../state/router";
import { dismissToast, holdToast, releaseToast, toasts } from "../state/toast";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={toasts()}>
        {(toast) => (
          <div
            class="toast"
            data-tone={toast.tone}
            onPointerEnter={() => holdToast(toast.id)}
            onPointerLeave={() => releaseToast(toast.id)}
            onFocusIn={() => holdToast(toast.id)}
            onFocusOut={() => releaseToast(toast.id)}
          >
            <span class="toast-text">{toast.text}</span>
            <Show when={toast.link}>
              {(link) => (
                <button type="button" class="toast-act" onClick={() => { dismissToast(toast.id); navigate(link().path); }}>
                  {link().text}
                </button>
              )}
            </Show>
            <Show when={toast.undo}>
              {(undo) => (
                <button type="button" class="toast-act" onClick={() => { const run = undo(); dismissToast(toast.id); void run(); }}>
                  {t.undo}<kbd>z</kbd>
                </button>
              )}
            </Show>
            <button type="button" class="toast-close" aria-label={t.dismiss} onClick={() => dismissToast(toast.id)}>×</button>
          </div>
        )}
      </For>
    </div>
  );
}
