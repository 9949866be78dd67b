// SPDX-License-Identifier: Apache-2.0
// The intake form: what was said on the telephone, at the counter, in a letter. Never loses what was typed: a failed
// save keeps it, and the idempotency key makes sending again safe.
import { createSignal, For, Show } from "solid-js";
import { newKey, serverNow, type Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { IntakeCreate, PostKind } from "../api/ops";
import { t } from "../i18n/en";
import { fromLocalField, toLocalField } from "../i18n/time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import { navigate, route } from "../state/router";
import { zone } from "../state/session";
import { showToast } from "../state/toast";

const KINDS: readonly PostKind[] = ["call", "visit", "letter", "email", "notice", "review", "message", "post", "comment", "mention"];
const QUICK = 5;

interface Draft { kind: PostKind; name: string; contact: string; at: string; text: string; title: string; company: string; rating: string; caseId: string; ours: string; oursAt: string }
const empty = (): Draft => ({
  kind: "call", name: "", contact: "", at: toLocalField(serverNow(), zone()), text: "", title: "", company: "", rating: "",
  caseId: route().params.get("case") ?? "", ours: "", oursAt: toLocalField(serverNow(), zone()),
});

/** What stands in the way of saving, in words, with the field to mend. */
export function faults(draft: Draft): { id: string; words: string }[] {
  const found: { id: string; words: string }[] = [];
  if (!draft.text.trim()) found.push({ id: "intake-text", words: t.intake.needText });
  if (!draft.name.trim()) found.push({ id: "intake-name", words: t.intake.needName });
  if (!fromLocalField(draft.at, zone())) found.push({ id: "intake-at", words: t.intake.needWhen });
  if (draft.ours.trim() && !fromLocalField(draft.oursAt, zone())) found.push({ id: "intake-ours-at", words: t.intake.needWhen });
  return found;
}

function toBody(draft: Draft): IntakeCreate {
  const body: IntakeCreate = {
    kind: draft.kind,
    author: { name: draft.name.trim(), contact: draft.contact.trim() || null },
    text: draft.text.trim(),
    at: fromLocalField(draft.at, zone()) as string,
    title: draft.title.trim() || null,
    company: draft.company.trim() || null,
    rating: draft.rating ? Number(draft.rating) : null,
    case_id: /^[1-9][0-9]*$/.test(draft.caseId.trim().replace(/^#/, "")) ? Number(draft.caseId.trim().replace(/^#/, "")) : null,
  };
  if (draft.ours.trim()) body.own_reply = { text: draft.ours.trim(), at: fromLocalField(draft.oursAt, zone()) as string };
  return body;
}

export function Intake() {
  const [draft, setDraft] = createSignal<Draft>(empty());
  const [found, setFound] = createSignal<{ id: string; words: string }[]>([]);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  let key = newKey();
  const set = (part: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    // Another body is another write.
    key = newKey();
  };
  const has = (id: string) => found().some((one) => one.id === id);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = faults(draft());
    setFound(wrong);
    setTrouble(null);
    if (wrong[0]) return document.getElementById(wrong[0].id)?.focus();
    setIsBusy(true);
    try {
      const made = await ops.createIntake(toBody(draft()), key);
      showToast({ text: t.intake.saved(made.case_id), link: { path: `/inbox/all/${made.case_id}`, text: t.intake.open } });
      key = newKey();
      setDraft({ ...empty(), caseId: "" });
      if (route().params.get("case")) navigate(`/inbox/all/${made.case_id}`);
      else document.getElementById("intake-text")?.focus();
    } catch (error) {
      setTrouble(asTrouble(error));
    }
    setIsBusy(false);
  };
  return (
    <div class="page intake">
      <header class="page-head"><div><h1>{t.intake.title}</h1><p class="quiet">{t.intake.lead}</p></div></header>
      <form class="intake-form" novalidate onSubmit={(event) => void submit(event)}>
        <fieldset class="kinds">
          <legend>{t.intake.kind}</legend>
          <For each={KINDS.slice(0, QUICK)}>
            {(kind) => <label class="kind"><input type="radio" name="kind" value={kind} checked={draft().kind === kind} onChange={() => set({ kind })} /><span>{kind === "notice" ? t.kinds.notice.split(" ")[0] : t.kinds[kind]}</span></label>}
          </For>
          <select class="plain-select" aria-label={t.intake.kind} onChange={(event) => event.currentTarget.value && set({ kind: event.currentTarget.value as PostKind })}>
            <option value="" selected={KINDS.indexOf(draft().kind) < QUICK}>{t.intake.more}…</option>
            <For each={KINDS.slice(QUICK)}>{(kind) => <option value={kind} selected={draft().kind === kind}>{t.kinds[kind]}</option>}</For>
          </select>
        </fieldset>
        <label class="labelled words">{t.intake.what}
          <textarea id="intake-text" class="field big" rows="5" maxlength="65536" aria-invalid={has("intake-text")} aria-describedby="what-hint" value={draft().text} onInput={(event) => set({ text: event.currentTarget.value })} />
          <span id="what-hint" class="hint">{t.intake.whatHint}</span>
        </label>
        <div class="pair">
          <label class="labelled">{t.intake.name}
            <input id="intake-name" class="field" maxlength="256" autocomplete="off" aria-invalid={has("intake-name")} value={draft().name} onInput={(event) => set({ name: event.currentTarget.value })} />
          </label>
          <label class="labelled">{t.intake.contact}
            <input class="field" maxlength="512" autocomplete="off" aria-describedby="contact-hint" value={draft().contact} onInput={(event) => set({ contact: event.currentTarget.value })} />
            <span id="contact-hint" class="hint">{t.intake.contactHint}</span>
          </label>
        </div>
        <div class="pair">
          <label class="labelled">{t.intake.when}
            <input id="intake-at" class="field" type="datetime-local" aria-invalid={has("intake-at")} aria-describedby="zone-hint" value={draft().at} onInput={(event) => set({ at: event.currentTarget.value })} />
            <span id="zone-hint" class="hint">{t.inZone(zone())}</span>
          </label>
          <label class="labelled">{t.intake.caseId}
            <input class="field" inputmode="numeric" maxlength="17" aria-describedby="case-hint" value={draft().caseId} onInput={(event) => set({ caseId: event.currentTarget.value })} />
            <span id="case-hint" class="hint">{t.intake.caseIdHint}</span>
          </label>
        </div>
        <details class="more">
          <summary>{t.intake.more}: {t.intake.title_}, {t.intake.company}, {t.intake.rating}</summary>
          <div class="triple">
            <label class="labelled">{t.intake.title_}<input class="field" maxlength="512" value={draft().title} onInput={(event) => set({ title: event.currentTarget.value })} /></label>
            <label class="labelled">{t.intake.company}<input class="field" maxlength="256" value={draft().company} onInput={(event) => set({ company: event.currentTarget.value })} /></label>
            <label class="labelled">{t.intake.rating}<select class="field" onChange={(event) => set({ rating: event.currentTarget.value })}><option value="" selected={!draft().rating}>{t.report.none}</option><For each={["1", "2", "3", "4", "5"]}>{(n) => <option value={n} selected={draft().rating === n}>{n}</option>}</For></select></label>
          </div>
        </details>
        <div class="ours">
          <label class="labelled">{t.intake.ours}
            <textarea class="field" rows="3" maxlength="65536" aria-describedby="ours-hint" value={draft().ours} onInput={(event) => set({ ours: event.currentTarget.value })} />
            <span id="ours-hint" class="hint">{t.intake.oursHint}</span>
          </label>
          <Show when={draft().ours.trim()}>
            <label class="labelled">{t.intake.oursWhen}
              <input id="intake-ours-at" class="field" type="datetime-local" aria-invalid={has("intake-ours-at")} value={draft().oursAt} onInput={(event) => set({ oursAt: event.currentTarget.value })} />
            </label>
          </Show>
        </div>
        <Show when={found().length}>
          <div class="trouble" role="alert"><p class="trouble-what">{t.intake.fixFirst}</p><ul><For each={found()}>{(one) => <li>{one.words}</li>}</For></ul></div>
        </Show>
        <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} safe={what().isOffline ? t.trouble.sendOffline : t.trouble.sendFailed} />}</Show>
        <p><button class="button primary" type="submit" disabled={isBusy()}>{t.intake.submit}</button></p>
      </form>
    </div>
  );
}
