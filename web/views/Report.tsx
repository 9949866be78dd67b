// SPDX-License-Identifier: Apache-2.0
// Where this company stands: a sentence, the figures, the ten that should have been answered first, a table per company
// or channel. Numbers before pictures; the thin bars under shares repeat what the numbers say.
import { createEffect, createSignal, For, on, Show } from "solid-js";
import type { Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { Figures, Report as ReportData } from "../api/ops";
import { t } from "../i18n/en";
import { duration, fromLocalField, toLocalField } from "../i18n/time";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import { navigate, route } from "../state/router";
import { zone } from "../state/session";
import { query } from "../api/ops";

const percent = (share: number | null) => (share === null ? t.report.none : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`);
const span = (seconds: number | null) => (seconds === null ? t.report.none : duration(seconds));
const count = (n: number) => n.toLocaleString("en-GB");

function Bar(props: { share: number | null }) {
  return <svg class="bar" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-track" width="100" height="2" /><rect class="bar-fill" width={(props.share ?? 0) * 100} height="2" /></svg>;
}

function Figure(props: { name: string; value: string; more?: string; share?: number | null; tone?: "breach" | undefined }) {
  return (
    <div class="figure">
      <dt>{props.name}</dt>
      <dd><span class="figure-value" data-tone={props.tone}>{props.value}</span>
        <Show when={props.share !== undefined}><Bar share={props.share ?? null} /></Show>
        <Show when={props.more}><span class="figure-more">{props.more}</span></Show>
      </dd>
    </div>
  );
}

function Summary(props: { figures: Figures }) {
  const f = () => props.figures;
  return (
    <>
      <p class="report-lead">
        {t.report.lead(f().conversations, f().answered, percent(f().answered_share))}{" "}
        <Show when={f().first_response_median_s !== null}>{t.report.leadMedian(span(f().first_response_median_s))} </Show>
        <Show when={f().complaints > 0}><span class={f().unanswered_complaints ? "strong-breach" : ""}>{t.report.leadUnanswered(f().unanswered_complaints)}</span></Show>
      </p>
      <dl class="figures" aria-label={t.report.figures}>
        <Figure name={t.report.answered} value={percent(f().answered_share)} share={f().answered_share} more={t.report.of(f().answered, f().conversations)} />
        <Figure name={t.report.within} value={percent(f().within_limit_share)} share={f().within_limit_share} more={t.report.of(f().within_limit, f().conversations)} />
        <Figure name={t.report.sameDay} value={percent(f().same_day_share)} share={f().same_day_share} more={t.report.of(f().same_day, f().conversations)} />
        <Figure name={t.report.unanswered} value={count(f().unanswered_complaints)} tone={f().unanswered_complaints ? "breach" : undefined} share={f().complaints ? f().unanswered_complaints / f().complaints : null} more={t.report.of(f().unanswered_complaints, f().complaints)} />
        <Figure name={t.report.median} value={span(f().first_response_median_s)} />
        <Figure name={t.report.p90} value={span(f().first_response_p90_s)} />
        <Figure name={t.report.posts} value={count(f().customer_posts)} />
        <Figure name={t.report.complaints} value={count(f().complaints)} />
      </dl>
    </>
  );
}

function Top(props: { report: ReportData }) {
  return (
    <section aria-labelledby="top-head">
      <h2 id="top-head">{t.report.top}</h2>
      <Show when={props.report.top.length} fallback={<p class="quiet">{t.report.topNone}</p>}>
        <ol class="top">
          <For each={props.report.top}>
            {(one) => (
              <li>
                <a class="top-link" href={`/inbox/all/${one.case_id}`}><bdi>{one.text}</bdi></a>
                <p class="quiet small"><bdi>{one.author || t.anonymous}</bdi> · <Time at={one.posted_at} /> · {t.case.urgency(one.urgency)}</p>
                <p class="top-why">{one.why}</p>
              </li>
            )}
          </For>
        </ol>
      </Show>
    </section>
  );
}

function Groups(props: { report: ReportData; by: "company" | "channel" }) {
  const r = t.report;
  return (
    <section aria-labelledby="groups-head">
      <h2 id="groups-head">{r.table[props.by]}</h2>
      <div class="table-wrap" tabindex="0" role="group" aria-labelledby="groups-head">
        <table class="groups">
          <thead>
            <tr>
              <th scope="col">{props.by === "company" ? r.byCompany : r.byChannel}</th>
              <th scope="col">{r.conversations}</th><th scope="col">{r.answered}</th><th scope="col">{r.within}</th><th scope="col">{r.sameDay}</th>
              <th scope="col">{r.median}</th><th scope="col">{r.p90}</th><th scope="col">{r.unanswered}</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.report.groups}>
              {(group) => (
                <tr>
                  <th scope="row"><a href={props.by === "company" ? `/inbox/all${query({ company: group.key })}` : `/inbox/all${query({ channel: group.channel_id })}`}><bdi>{group.key || t.noCompany}</bdi></a></th>
                  <td>{count(group.figures.conversations)}</td>
                  <td>{percent(group.figures.answered_share)}<Bar share={group.figures.answered_share} /></td>
                  <td>{percent(group.figures.within_limit_share)}<Bar share={group.figures.within_limit_share} /></td>
                  <td>{percent(group.figures.same_day_share)}<Bar share={group.figures.same_day_share} /></td>
                  <td>{span(group.figures.first_response_median_s)}</td>
                  <td>{span(group.figures.first_response_p90_s)}</td>
                  <td class={group.figures.unanswered_complaints ? "strong-breach" : ""}>{t.report.of(group.figures.unanswered_complaints, group.figures.complaints)}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Report() {
  const by = () => (route().params.get("by") === "channel" ? "channel" : "company");
  const since = () => route().params.get("since") ?? undefined;
  const until = () => route().params.get("until") ?? undefined;
  const [report, setReport] = createSignal<ReportData | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  let turn = 0;
  const load = async () => {
    const mine = ++turn;
    try {
      const found = await ops.getReport({ since: since(), until: until(), by: by() });
      if (mine !== turn) return;
      setReport(found);
      setTrouble(null);
    } catch (error) {
      if (mine === turn) setTrouble(asTrouble(error));
    }
  };
  createEffect(on([by, since, until], () => void load()));
  const change = (to: Record<string, string | undefined>) =>
    navigate(`/report${query({ by: by() === "channel" ? "channel" : undefined, since: since(), until: until(), ...to })}`);
  const day = (iso: string | undefined, isEnd = false) => (iso ? toLocalField(Date.parse(iso) - (isEnd ? 1 : 0), zone()).slice(0, 10) : "");
  /** The field says the last day that counts; the API wants the moment after it. */
  const endOf = (field: string) => {
    if (!field) return undefined;
    const next = new Date(Date.parse(`${field}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);
    return fromLocalField(next, zone()) ?? undefined;
  };
  return (
    <div class="page report">
      <header class="page-head">
        <h1>{t.report.title}</h1>
        <div class="report-tools">
          <label>{t.report.since} <input class="field" type="date" value={day(since())} onChange={(event) => change({ since: fromLocalField(event.currentTarget.value, zone()) ?? undefined })} /></label>
          <label>{t.report.until} <input class="field" type="date" value={day(until(), true)} onChange={(event) => change({ until: endOf(event.currentTarget.value) })} /></label>
          <label>{t.report.by} <select class="field" onChange={(event) => change({ by: event.currentTarget.value === "channel" ? "channel" : undefined })}>
            <option value="company" selected={by() === "company"}>{t.report.byCompany}</option>
            <option value="channel" selected={by() === "channel"}>{t.report.byChannel}</option>
          </select></label>
        </div>
      </header>
      <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} onRetry={() => void load()} />}</Show>
      <Show when={report()} fallback={<Show when={!trouble()}><p class="loading" role="status">{t.loading}</p></Show>}>
        {(found) => (
          <Show when={found().figures.conversations > 0} fallback={<div class="empty"><p class="empty-what">{since() || until() ? t.report.emptySpan : t.report.empty}</p><Show when={!(since() || until())} fallback={<p>{t.report.emptySpanHint}</p>}><p>{t.report.emptyHint}</p><p><code>{t.report.command}</code></p></Show></div>}>
            <Summary figures={found().figures} />
            <Top report={found()} />
            <Show when={found().groups.length}><Groups report={found()} by={by()} /></Show>
            <p class="quiet small">{t.inZone(zone())}</p>
          </Show>
        )}
      </Show>
    </div>
  );
}
