// SPDX-License-Identifier: Apache-2.0
// The ledger's entries of a case as sentences; asked for only when somebody wants to see them.
import { createEffect, createSignal, For, on, Show } from "solid-js";
import type { Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { HistoryEntry } from "../api/ops";
import { t } from "../i18n/en";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";

export function CaseHistory(props: { id: number; etag: string }) {
  const [isOpen, setIsOpen] = createSignal(false);
  const [items, setItems] = createSignal<readonly HistoryEntry[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const load = async (from: string | null) => {
    try {
      const page = await ops.listHistory(props.id, from);
      setItems((all) => (from ? all.concat(page.items) : page.items));
      setCursor(page.next_cursor);
      setTrouble(null);
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  createEffect(on([isOpen, () => props.etag], ([open]) => open && void load(null)));
  return (
    <section class="aside-part">
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary><h2>{t.case.history}</h2></summary>
        <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} onRetry={() => void load(null)} />}</Show>
        <ol class="plain history small">
          <For each={items()}>
            {(entry) => <li><p>{entry.sentence}</p><p class="quiet">{entry.actor?.name ?? t.case.program} · <Time at={entry.at} /> · <span class="num">{entry.seq}</span></p></li>}
          </For>
        </ol>
        <Show when={cursor()}><button type="button" class="link-button" onClick={() => void load(cursor())}>{t.case.historyMore}</button></Show>
      </details>
    </section>
  );
}
