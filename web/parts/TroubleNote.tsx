// SPDX-License-Identifier: Apache-2.0
// An error says what happened, what is safe, and what to do.
import { Show } from "solid-js";
import type { Trouble } from "../api/client";
import { t } from "../i18n/en";

export function TroubleNote(props: { trouble: Trouble; safe?: string; onRetry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p class="trouble-what">{props.trouble.isOffline ? t.trouble.noAnswer : props.trouble.title}</p>
      <p>
        <Show when={!props.trouble.isOffline}>{props.trouble.detail} </Show>
        {props.safe ?? t.trouble.safeRead}
      </p>
      <Show when={props.trouble.isOffline || props.trouble.fix}>
        <p>{props.trouble.isOffline ? t.trouble.noAnswerFix : props.trouble.fix}</p>
      </Show>
      <Show when={props.trouble.status >= 500 && props.trouble.requestId}>{(id) => <p class="small quiet">{t.trouble.requestId(id())}</p>}</Show>
      <Show when={props.onRetry}>
        {(retry) => <button type="button" class="button" onClick={() => retry()()}>{t.retry}</button>}
      </Show>
    </div>
  );
}
