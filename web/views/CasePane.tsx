// SPDX-License-Identifier: Apache-2.0
// One case: the clock, the customer's words, and why it is here; everything of ours around them is quiet.
import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from "solid-js";
import type { Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { CaseDetail, CasePatch, CaseState, Clock, Priority } from "../api/ops";
import { plainWord, t } from "../i18n/en";
import { duration } from "../i18n/time";
import { NoRing, Ring, TimeLeft } from "../parts/Ring";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble, changeCase, isDone, onCaseChanged } from "../state/cases";
import { now } from "../state/clock";
import { useCommands } from "../state/keys";
import { touched } from "../state/live";
import { may, session, zone } from "../state/session";
import { CaseHistory } from "./CaseHistory";
import { CaseNotes } from "./CaseNotes";
import { CaseThread } from "./CaseThread";

const [users, setUsers] = createSignal<ops.User[]>([]);
function loadUsers(): void {
  if (users().length || !may("user.read")) return;
  void ops.listUsers().then((page) => setUsers(page.items), () => {});
}

/** The clock that counts now, or else the last one that was stopped. None runs when the server says so (solved). */
function heroClock(detail: CaseDetail): Clock | undefined {
  const running = detail.case.next_clock ? detail.clocks.filter((one) => !one.stopped_at) : [];
  const stopped = detail.clocks.filter((one) => one.stopped_at);
  return running.sort((a, b) => a.due_at.localeCompare(b.due_at))[0] ?? stopped[stopped.length - 1];
}

function ClockHero(props: { detail: CaseDetail; isOpen: boolean; onToggle: () => void }) {
  const clock = createMemo(() => heroClock(props.detail));
  return (
    <Show when={clock()} fallback={<div class="hero" data-none=""><NoRing isDone={false} /><p class="hero-left">{t.time.none}</p></div>}>
      {(one) => (
        <div class="hero">
          <Show when={!one().stopped_at} fallback={<NoRing isDone={true} />}><Ring clock={one()} /></Show>
          <div>
            <p class="hero-left">
              <Show when={!one().stopped_at} fallback={<Stopped clock={one()} />}><TimeLeft clock={one()} isFine={true} /></Show>
            </p>
            <p class="hero-due">
              {t.clocks[one().kind]} {now() > Date.parse(one().due_at) && !one().stopped_at ? t.time.overdueSince("") : t.time.dueAt("")}<Time at={one().due_at} />
              <button type="button" class="link-button" aria-expanded={props.isOpen} aria-controls="clock-why" onClick={() => props.onToggle()}>{t.case.dueWhy} <kbd>w</kbd></button>
            </p>
          </div>
        </div>
      )}
    </Show>
  );
}

function Stopped(props: { clock: Clock }) {
  const tookS = () => (Date.parse(props.clock.stopped_at ?? props.clock.due_at) - Date.parse(props.clock.started_at)) / 1000;
  return (
    <>
      {t.case.clockStopped(props.clock.stop_reason ?? "")} {t.case.clockIn(duration(tookS()))}{" "}
      <span class="time-left" data-tone={props.clock.is_breached ? "breach" : "none"}>{props.clock.is_breached ? t.case.late : t.case.inTime}</span>
    </>
  );
}

/** Every clock of the case with the sentence that explains its due time. */
function Clocks(props: { clocks: readonly Clock[] }) {
  return (
    <section id="clock-why" class="clocks" aria-label={t.case.clocks}>
      <ul class="plain">
        <For each={props.clocks}>
          {(clock) => (
            <li class="clock-line">
              <p><strong>{t.clocks[clock.kind]}</strong>{" "}
                <Show when={clock.stopped_at} fallback={<TimeLeft clock={clock} />}><Stopped clock={clock} /></Show>
                <Show when={clock.paused_us > 0}> · {t.time.pausedFor(duration(clock.paused_us / 1e6))}</Show>
              </p>
              <p>{clock.explain}</p>
            </li>
          )}
        </For>
      </ul>
    </section>
  );
}

interface Act { id: "solve" | "pending" | "hold"; state: CaseState; key: string; words: string; back: string; said: (id: number) => string }
const ACTS: readonly Act[] = [
  { id: "solve", state: "solved", key: "e", words: t.case.solve, back: t.case.reopen, said: t.said.solved },
  { id: "pending", state: "pending", key: "s", words: t.case.pending, back: t.case.resume, said: t.said.pending },
  { id: "hold", state: "on_hold", key: "h", words: t.case.hold, back: t.case.resume, said: t.said.onHold },
];

function Tags(props: { detail: CaseDetail; onChange: (patch: CasePatch, said: string) => void }) {
  const row = () => props.detail.case;
  const [text, setText] = createSignal("");
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const tag = text().trim();
    if (!tag || row().tags.includes(tag)) return;
    props.onChange({ tags: [...row().tags, tag] }, t.said.tagged(row().id, tag));
    setText("");
  };
  return (
    <div class="tags">
      <For each={row().tags}>
        {(tag) => (
          <span class="tag">#{tag}
            <Show when={may("case.write")}>
              <button type="button" class="tag-remove" aria-label={t.case.removeTag(tag)} onClick={() => props.onChange({ tags: row().tags.filter((one) => one !== tag) }, t.said.untagged(row().id, tag))}>×</button>
            </Show>
          </span>
        )}
      </For>
      <Show when={may("case.write")}>
        <form class="tag-form" onSubmit={add}>
          <input class="field tag-field" aria-label={t.case.addTag} placeholder={t.case.addTag} maxlength="64" value={text()} onInput={(event) => setText(event.currentTarget.value)} />
        </form>
      </Show>
    </div>
  );
}

function Desk(props: { detail: CaseDetail; onChange: (patch: CasePatch, said: string) => void; onAct: (act: Act) => void }) {
  const row = () => props.detail.case;
  const assign = (value: string) => {
    const user = users().find((one) => one.id === Number(value));
    props.onChange({ assignee_id: user?.id ?? null }, user ? t.said.assigned(row().id, user.name) : t.said.unassigned(row().id));
  };
  const people = () => {
    const assignee = row().assignee;
    return assignee && !users().some((one) => one.id === assignee.id) ? [assignee, ...users()] : users();
  };
  return (
    <Show when={may("case.write")} fallback={<p class="quiet small">{t.case.readOnly}</p>}>
      <div class="acts">
        <div class="act-buttons"><For each={ACTS}>
          {(act) => {
            const isIn = () => row().state === act.state || (act.state === "solved" && row().state === "closed");
            return (
              <Show when={act.state === "solved" || !isDone(row().state)}><button type="button" class="button" classList={{ primary: act.state === "solved" && !isIn(), on: isIn() }} onClick={() => props.onAct(act)}>
                {isIn() ? act.back : act.words} <kbd>{act.key}</kbd>
              </button></Show>
            );
          }}
        </For></div>
        <label class="act-field"><span class="hidden">{t.case.assignee}</span>
          <select class="plain-select" onChange={(event) => assign(event.currentTarget.value)}>
            <option value="" selected={!row().assignee}>{t.case.assignedTo(t.case.nobody)}</option>
            <For each={people()}>{(user) => <option value={user.id} selected={row().assignee?.id === user.id}>{t.case.assignedTo(user.name)}</option>}</For>
          </select>
        </label>
        <label class="act-field"><span class="hidden">{t.case.priority}</span>
          <select class="plain-select" onChange={(event) => { const to = event.currentTarget.value as Priority; props.onChange({ priority: to }, t.said.priority(row().id, t.priorities[to])); }}>
            <For each={Object.entries(t.priorities)}>{([name, words]) => <option value={name} selected={row().priority === name}>{t.case.priority}: {words}</option>}</For>
          </select>
        </label>
      </div>
    </Show>
  );
}

function Why(props: { detail: CaseDetail; words: (offset: number, length: number, field: "text" | "title") => string }) {
  const applied = () => props.detail.trace.filter((step) => step.is_match);
  const passed = () => props.detail.trace.filter((step) => !step.is_match);
  const counted = () => (props.detail.assessment?.reasons ?? []).filter((reason) => reason.length > 0);
  return (
    <section class="aside-part" aria-labelledby="why-head">
      <h2 id="why-head">{t.case.why}</h2>
      <p class="why-lead">{props.detail.case.why}</p>
      <Show when={applied().length} fallback={<p class="quiet">{t.case.traceNone}</p>}>
        <ul class="plain trace">
          <For each={applied()}>
            {(step) => <li><p>{step.sentence}</p><p class="quiet small"><Show when={step.r_number}><span class="r-number">{step.r_number}</span> </Show>{step.rule}<Show when={step.where}> · {step.where}</Show></p></li>}
          </For>
        </ul>
      </Show>
      <Show when={props.detail.assessment}>
        {(found) => (
          <>
            <p class="heads small">
              <For each={found().heads}>{(head) => <span class="head">{plainWord(head.label)} <span class="num">{Math.round(head.score * 100)} %</span><Show when={head.is_unsure}> <em>{t.case.unsure}</em></Show></span>}</For>
              <span class="head">{t.case.urgency(found().urgency)}</span>
            </p>
            <Show when={counted().length}>
              <h3>{t.case.marks}</h3>
              <ul class="plain marks small">
                <For each={counted()}>{(reason) => <li><mark><bdi>{props.words(reason.offset, reason.length, reason.field)}</bdi></mark> <span class="quiet">{plainWord(reason.label)}<Show when={reason.list !== reason.label}>, {reason.list}</Show></span></li>}</For>
              </ul>
            </Show>
          </>
        )}
      </Show>
      <Show when={passed().length}>
        <details class="small"><summary>{t.case.tracePassed} ({passed().length})</summary>
          <ul class="plain trace"><For each={passed()}>{(step) => <li class="quiet"><strong>{step.rule}</strong>: {step.sentence}<Show when={step.r_number}> ({step.r_number})</Show></li>}</For></ul>
        </details>
      </Show>
    </section>
  );
}

function Person(props: { detail: CaseDetail }) {
  const person = () => props.detail.person;
  const main = () => props.detail.case.author.name || t.anonymous;
  const others = () => person().names.filter((name) => name !== main() && name !== props.detail.case.author.handle);
  return (
    <section class="aside-part" aria-labelledby="person-head">
      <h2 id="person-head">{t.case.person}</h2>
      <p><strong><bdi>{main()}</bdi></strong><Show when={props.detail.case.author.handle}>{(handle) => <> <span class="quiet"><bdi>{handle()}</bdi></span></>}</Show></p>
      <Show when={others().length}><p class="small quiet">{t.case.knownAs}: <For each={others()}>{(name, i) => <><Show when={i() > 0}>, </Show><bdi>{name}</bdi></>}</For></p></Show>
      <p class="small quiet">
        {t.case.otherCases(person().other_cases_count)}
      </p>
      <Show when={may("intake.write")}><p class="small"><a href={`/new?case=${props.detail.case.id}`}>{t.case.writeDown}</a></p></Show>
    </section>
  );
}

export function CasePane(props: { id: number; onBack: () => void; isFocusWanted: () => boolean }) {
  const [detail, setDetail] = createSignal<CaseDetail | null>(null);
  const [posts, setPosts] = createSignal<readonly ops.Post[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [areClocksOpen, setAreClocksOpen] = createSignal(false);
  let noteField: HTMLTextAreaElement | undefined;

  const load = async () => {
    setTrouble(null);
    try {
      const [found, thread] = await Promise.all([ops.getCase(props.id), ops.listPosts(props.id, null)]);
      setPosts(thread.items);
      setCursor(thread.next_cursor);
      setDetail(found);
      if (props.isFocusWanted()) document.getElementById("case-title")?.focus();
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  const loadMore = async () => {
    const more = await ops.listPosts(props.id, cursor());
    setPosts((all) => all.concat(more.items));
    setCursor(more.next_cursor);
  };
  /** After an event: the pages that were open, again; items that did not change keep their place in the document. */
  const reloadThread = async () => {
    const wanted = posts().length;
    let page = await ops.listPosts(props.id, null);
    let all = page.items;
    while (page.next_cursor && all.length < wanted) {
      page = await ops.listPosts(props.id, page.next_cursor);
      all = all.concat(page.items);
    }
    const old = new Map(posts().map((post) => [post.id, post]));
    setPosts(all.map((post) => (JSON.stringify(old.get(post.id)) === JSON.stringify(post) ? (old.get(post.id) as ops.Post) : post)));
    setCursor(page.next_cursor);
  };
  void load();
  loadUsers();
  onCleanup(onCaseChanged((next) => next.case.id === props.id && setDetail(next)));
  createEffect(on(touched, (event) => {
    if (event?.caseId === props.id && event.kind.startsWith("post.")) void reloadThread().catch(() => {});
  }, { defer: true }));

  const change = (patch: CasePatch, said: string) => {
    const found = detail();
    if (found) void changeCase(found.case, patch, said);
  };
  const act = (one: Act) => {
    const row = detail()?.case;
    if (!row) return;
    if (row.state === one.state || (one.state === "solved" && row.state === "closed")) change({ state: "open" }, t.said.reopened(row.id));
    else change({ state: one.state }, one.said(row.id));
  };
  const take = () => {
    const me = session()?.user;
    if (me) change({ assignee_id: me.id }, t.said.assigned(props.id, me.name));
  };
  const isOn = () => detail() !== null && may("case.write");
  useCommands([
    ...ACTS.map((one) => ({ id: one.id, run: () => act(one), isOn: () => isOn() && (one.state === "solved" || !isDone(detail()?.case.state ?? "new")) })),
    { id: "take", run: take, isOn },
    { id: "why", run: () => setAreClocksOpen(!areClocksOpen()), isOn: () => detail() !== null },
    { id: "note", run: () => noteField?.focus(), isOn },
  ]);
  const pointsOf = createMemo(() => {
    const post = posts().find((one) => one.id === detail()?.assessed_post_id);
    return { text: Array.from(post?.text ?? ""), title: Array.from(post?.title ?? "") };
  });
  return (
    <Show when={!trouble()} fallback={<div class="case-trouble"><h1 class="hidden">{t.case.title(props.id)}</h1><button type="button" class="link-button" onClick={() => props.onBack()}>‹ {t.case.back}</button><TroubleNote trouble={trouble() as Trouble} onRetry={() => void load()} /></div>}>
      <Show when={detail()} fallback={<p class="loading" role="status">{t.loading}</p>}>
        {(found) => (
          <article class="case" data-state={found().case.state}>
            <header class="case-head">
              <button type="button" class="link-button case-back" onClick={() => props.onBack()}>‹ {t.case.back}</button>
              <div class="case-top">
                <div class="case-id">
                  <h1 id="case-title" tabindex="-1"><span class="hidden">{t.case.title(props.id)}: </span><bdi>{found().case.author.name || t.anonymous}</bdi></h1>
                  <p class="case-meta">
                    {found().case.channel.name}<Show when={found().case.company}>{(name) => <> · <bdi>{name()}</bdi></>}</Show> · #{props.id} · <span class="state" data-state={found().case.state}>{t.states[found().case.state]}</span>
                    <Show when={found().case.category}>{(name) => <> · {plainWord(name())}</>}</Show>
                    <For each={found().case.risks.filter((risk) => risk !== found().case.category)}>{(risk) => <> · <span class="risk">{plainWord(risk)}</span></>}</For>
                  </p>
                </div>
                <ClockHero detail={found()} isOpen={areClocksOpen()} onToggle={() => setAreClocksOpen(!areClocksOpen())} />
              </div>
              <Show when={areClocksOpen()}><Clocks clocks={found().clocks} /></Show>
              <Desk detail={found()} onChange={change} onAct={act} />
            </header>
            <div class="case-body">
              <div class="case-main">
                <CaseThread posts={posts()} detail={found()} hasMore={cursor() !== null} onMore={() => void loadMore()} />
                <CaseNotes id={props.id} onField={(field) => (noteField = field)} />
              </div>
              <div class="case-aside">
                <Why detail={found()} words={(offset, length, field) => pointsOf()[field].slice(offset, offset + length).join("")} />
                <Person detail={found()} />
                <section class="aside-part" aria-labelledby="tags-head"><h2 id="tags-head">{t.case.tags}</h2><Tags detail={found()} onChange={change} /></section>
                <CaseHistory id={props.id} etag={found().case.etag} />
                <p class="quiet small">{t.inZone(zone())}</p>
              </div>
            </div>
          </article>
        )}
      </Show>
    </Show>
  );
}
