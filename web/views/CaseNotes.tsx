// SPDX-License-Identifier: Apache-2.0
import { createEffect, createSignal, For, on, onMount, Show } from "solid-js";
import { newKey, type Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { Note } from "../api/ops";
import { t } from "../i18n/en";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import { touched } from "../state/live";
import { may } from "../state/session";

/** Half-written notes survive a look at another case. */
const drafts = new Map<number, string>();

export function CaseNotes(props: { id: number; onField: (field: HTMLTextAreaElement) => void }) {
  const [notes, setNotes] = createSignal<readonly Note[]>([]);
  const [text, setText] = createSignal(drafts.get(props.id) ?? "");
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  let key = newKey();

  const load = () => ops.listNotes(props.id).then((page) => setNotes(page.items), () => {});
  onMount(() => void load());
  createEffect(on(touched, (event) => event?.caseId === props.id && event.kind.startsWith("note.") && void load(), { defer: true }));

  const type = (value: string) => {
    setText(value);
    if (value) drafts.set(props.id, value);
    else drafts.delete(props.id);
  };
  const save = async () => {
    if (!text().trim() || isBusy()) return;
    setIsBusy(true);
    setTrouble(null);
    try {
      const note = await ops.createNote(props.id, text().trim(), key);
      setNotes((all) => [...all.filter((one) => one.id !== note.id), note]);
      key = newKey();
      type("");
    } catch (error) {
      setTrouble(asTrouble(error));
    }
    setIsBusy(false);
  };
  return (
    <section class="notes" aria-labelledby="notes-head">
      <h2 id="notes-head">{t.case.notes}</h2>
      <ul class="plain">
        <For each={notes()} fallback={<li class="quiet small">{t.case.noteNone}</li>}>
          {(note) => <li class="note"><p class="quiet small">{note.author?.name ?? t.case.program} · <Time at={note.at} /></p><p class="note-text"><bdi>{note.text}</bdi></p></li>}
        </For>
      </ul>
      <Show when={may("case.write")}>
        <form class="note-form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
          <textarea
            ref={(field) => props.onField(field)}
            class="field"
            rows="2"
            maxlength="16000"
            aria-label={t.case.noteLabel}
            placeholder={`${t.case.noteLabel}. ${t.case.noteHint}`}
            value={text()}
            onInput={(event) => type(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void save(); }
              else if (event.key === "Escape") document.getElementById("case-title")?.focus();
            }}
          />
          <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} safe={what().isOffline ? t.trouble.sendOffline : t.trouble.sendFailed} />}</Show>
          <Show when={text().trim()}><button class="button" type="submit" disabled={isBusy()}>{t.case.noteAdd} <kbd>Ctrl-Enter</kbd></button></Show>
        </form>
      </Show>
    </section>
  );
}
