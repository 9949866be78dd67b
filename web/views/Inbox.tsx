// SPDX-License-Identifier: Apache-2.0
// The inbox: the list on the left, the case on the right (one after the other when narrow).
import { createEffect, createMemo, createSignal, For, on, Show, untrack } from "solid-js";
import * as ops from "../api/ops";
import type { CaseQuery, CaseSort, CaseSummary, ViewName } from "../api/ops";
import { t } from "../i18n/en";
import { NoRing, Ring, TimeLeft } from "../parts/Ring";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { VirtualList } from "../parts/VirtualList";
import { caseList as list, changeCase, isDone, loadViews, views } from "../state/cases";
import { useCommands } from "../state/keys";
import { caseQuery, inboxPath, navigate, route, VIEW_NAMES } from "../state/router";
import { may, session } from "../state/session";
import { showToast } from "../state/toast";
import { CasePane } from "./CasePane";
import { viewCount } from "./Shell";

const PREVIEW_AFTER_MS = 120;
const SEARCH_AFTER_MS = 250;
/** Not before the first key or click: a page that was just loaded leaves the focus where the browser puts it. */
const hasActed = () => navigator.userActivation?.hasBeenActive ?? true;
const isWide = () => window.matchMedia("(min-width: 60rem)").matches;

function Row(props: { row: CaseSummary }) {
  const row = () => props.row;
  const firstWords = () => [
    row().priority === "urgent" || row().priority === "high" ? t.priorities[row().priority] : "",
    row().state === "new" || row().state === "open" ? "" : t.states[row().state],
  ].filter(Boolean).join(" · ");
  const lastWords = () => [...row().tags.map((tag) => `#${tag}`), row().assignee?.name ?? ""].filter(Boolean).join(" · ");
  return (
    <div class="row-in" data-state={row().state} data-done={isDone(row().state) ? "" : undefined}>
      <span class="row-ring">
        <Show when={row().next_clock} fallback={<NoRing isDone={isDone(row().state)} />}>{(clock) => <Ring clock={clock()} />}</Show>
      </span>
      <p class="row-meta">
        <span class="row-who">
          <Show when={row().unread}><span class="unread-dot" aria-hidden="true" /><span class="hidden">{t.inbox.unread}. </span></Show>
          <bdi>{row().author.name || t.anonymous}</bdi>
        </span>
        <span class="row-where"> · <Time at={row().last_posted_at} /> · {row().channel.name}<Show when={row().post_count > 1}> · {t.inbox.posts(row().post_count)}</Show></span>
        <span class="row-left"><Show when={row().next_clock}>{(clock) => <TimeLeft clock={clock()} />}</Show></span>
      </p>
      <p class="row-words"><bdi>{row().snippet || row().subject_line}</bdi></p>
      <p class="row-why"><Show when={firstWords()}><span class="row-marks">{firstWords()}</span> · </Show>{row().why}<Show when={lastWords()}> <span class="row-marks">{lastWords()}</span></Show></p>
    </div>
  );
}

function Filters(props: { query: CaseQuery; onChange: (change: Partial<CaseQuery>) => void }) {
  const [channels, setChannels] = createSignal<ops.Channel[]>([]);
  if (may("channel.read")) void ops.listChannels().then((page) => setChannels(page.items), () => {});
  const companies = createMemo(() => [...new Set(list.items().map((row) => row.company).filter((name): name is string => !!name))].sort());
  return (
    <div class="filters">
      <label class="labelled">{t.inbox.channel}
        <select class="field" onChange={(event) => props.onChange({ channel: event.currentTarget.value || undefined })}>
          <option value="">{t.inbox.any}</option>
          <For each={channels()}>{(one) => <option value={one.id} selected={props.query.channel === String(one.id)}>{one.name}</option>}</For>
        </select>
      </label>
      <label class="labelled">{t.inbox.intent}
        <select class="field" onChange={(event) => props.onChange({ intent: event.currentTarget.value || undefined })}>
          <option value="">{t.inbox.any}</option>
          <For each={Object.entries(t.inbox.intents)}>{([name, words]) => <option value={name} selected={props.query.intent === name}>{words}</option>}</For>
        </select>
      </label>
      <label class="labelled">{t.inbox.company}
        <input class="field" list="companies" value={props.query.company ?? ""} onChange={(event) => props.onChange({ company: event.currentTarget.value.trim() || undefined })} />
        <datalist id="companies"><For each={companies()}>{(name) => <option value={name} />}</For></datalist>
      </label>
      <button type="button" class="link-button" onClick={() => props.onChange({ channel: undefined, company: undefined, intent: undefined })}>{t.inbox.clearFilters}</button>
    </div>
  );
}

function Empty(props: { query: CaseQuery }) {
  const isFiltered = () => Boolean(props.query.q || props.query.channel || props.query.company || props.query.intent);
  /** Somebody who has no post at all is told the first step, in whatever view they look. */
  const isBare = () => views().find((one) => one.name === "all")?.count === 0;
  const words = () => (isFiltered() ? [t.inbox.noMatch, t.inbox.noMatchHint] : t.emptyViews[isBare() ? "all" : props.query.view]);
  return (
    <div class="empty">
      <p class="empty-what">{words()[0]}</p>
      <p>{words()[1]}</p>
      <Show when={isFiltered()}><p><a href={inboxPath({ view: props.query.view, sort: props.query.sort }, null)}>{t.inbox.clearFilters}</a></p></Show>
    </div>
  );
}

/** Beside the list while no case is open: where things stand, and the first step. */
function Rest(props: { onNext: () => void; hasRows: boolean }) {
  const count = (name: ViewName) => views().find((one) => one.name === name)?.count ?? 0;
  return (
    <div class="empty case-empty">
      <p class="empty-what">{count("breached") || count("due_soon") ? t.inbox.standing(viewCount("breached"), viewCount("due_soon")) : t.inbox.standingCalm}</p>
      <Show when={props.hasRows}><p><button type="button" class="button" onClick={() => props.onNext()}>{t.inbox.openNext} <kbd>n</kbd></button></p></Show>
      <p class="small">{t.inbox.chooseHint}</p>
    </div>
  );
}

export function Inbox() {
  const query = createMemo(() => caseQuery(route()), undefined, { equals: (a, b) => inboxPath(a, null) === inboxPath(b, null) });
  const [chosen, setChosen] = createSignal(-1);
  const [areFiltersOpen, setAreFiltersOpen] = createSignal(Boolean(query().channel || query().company || query().intent));
  let search!: HTMLInputElement;
  let listPane!: HTMLElement;
  let previewTimer = 0;
  // Opening moves the focus into the case once it is there; looking through cases with j and k leaves it in the list.
  let isFocusWanted = false;
  let searchTimer = 0;

  createEffect(on(query, (q) => void list.open(q)));
  // After loading, the choice stays on the same case; the open case is chosen when it is in the list.
  let chosenId: number | null = null;
  createEffect(on(list.items, () => {
    const open = untrack(route).caseId;
    const keep = chosenId !== null && list.has(chosenId) ? chosenId : open;
    setChosen(keep !== null ? list.at(keep) : -1);
  }));
  createEffect(on(() => route().caseId, (id) => {
    if (id !== null && list.has(id)) {
      chosenId = id;
      setChosen(list.at(id));
    }
  }));

  const change = (to: Partial<CaseQuery>, isReplacement = false) => {
    chosenId = null;
    navigate(inboxPath({ ...query(), ...to }, isWide() ? route().caseId : null), isReplacement);
  };
  const openAt = (index: number, isPreview = false) => {
    const row = list.items()[index];
    if (!row) return;
    window.clearTimeout(previewTimer);
    choose(index);
    isFocusWanted = !isPreview;
    if (!isPreview && route().caseId === row.id) document.getElementById("case-title")?.focus();
    navigate(inboxPath(query(), row.id), isPreview);
  };
  const choose = (index: number) => {
    chosenId = list.items()[index]?.id ?? null;
    setChosen(index);
  };
  const move = (step: number) => {
    const count = list.items().length;
    if (!count) return;
    const to = Math.min(count - 1, Math.max(0, chosen() < 0 ? 0 : chosen() + step));
    choose(to);
    // With a case open, moving shows the next one; a short rest spares the server when somebody runs through.
    if (route().caseId !== null) {
      window.clearTimeout(previewTimer);
      previewTimer = window.setTimeout(() => openAt(to, true), PREVIEW_AFTER_MS);
    }
  };
  const focusList = () => (listPane.querySelector<HTMLElement>(".rows") ?? search).focus();
  const backToList = () => {
    navigate(inboxPath(query(), null));
    requestAnimationFrame(focusList);
  };
  /** The next case below that runs a clock; nobody else's. From the top when there is none below. */
  const nextForMe = () => {
    const rows = list.items();
    const me = session()?.user?.id;
    const isMine = (row: CaseSummary) => row.next_clock && !row.next_clock.is_paused && (!row.assignee || row.assignee.id === me) && row.id !== route().caseId;
    for (let i = 1; i <= rows.length; i++) {
      const at = (Math.max(chosen(), -1) + i) % rows.length;
      if (isMine(rows[at] as CaseSummary)) return openAt(at);
    }
    showToast({ text: t.said.noNext });
  };
  const refresh = async () => {
    chosenId = route().caseId;
    await Promise.all([list.refresh(), loadViews()]);
    listPane.querySelector(".rows")?.scrollTo(0, 0);
  };
  const onSearch = () => {
    window.clearTimeout(searchTimer);
    searchTimer = window.setTimeout(() => change({ q: search.value.trim() || undefined }, Boolean(query().q)), SEARCH_AFTER_MS);
  };
  const chosenRow = () => (route().caseId === null ? list.items()[chosen()] : undefined);
  const act = (run: (row: CaseSummary) => void) => () => {
    const row = chosenRow();
    if (row) run(row);
  };
  const isOnRow = () => chosenRow() !== undefined && may("case.write");
  const isOnOpenRow = () => isOnRow() && !isDone((chosenRow() as CaseSummary).state);
  const flip = (row: CaseSummary, state: ops.CaseState, said: string) =>
    row.state === state || isDone(row.state) ? void changeCase(row, { state: "open" }, t.said.reopened(row.id)) : void changeCase(row, { state }, said);
  useCommands([
    { id: "next", run: () => move(1) },
    { id: "previous", run: () => move(-1) },
    { id: "open", run: () => openAt(Math.max(0, chosen())) },
    { id: "nextForMe", run: nextForMe },
    { id: "back", run: backToList, isOn: () => route().caseId !== null },
    { id: "search", run: () => { search.focus(); search.select(); } },
    { id: "filter", run: () => setAreFiltersOpen(!areFiltersOpen()) },
    { id: "fresh", run: () => void refresh() },
    { id: "solve", run: act((row) => flip(row, "solved", t.said.solved(row.id))), isOn: isOnRow },
    { id: "pending", run: act((row) => flip(row, "pending", t.said.pending(row.id))), isOn: isOnOpenRow },
    { id: "hold", run: act((row) => flip(row, "on_hold", t.said.onHold(row.id))), isOn: isOnOpenRow },
  ]);
  const filterCount = () => [query().channel, query().company, query().intent].filter(Boolean).length;

  return (
    <div class="inbox">
      <section class="list-pane" aria-label={t.inbox.list} ref={listPane}>
        <header class="list-head">
          <h1 class="list-title">{t.views[query().view]}</h1>
          <label class="list-view"><span class="hidden">{t.inbox.view}</span>
            <select class="field list-view-select" onChange={(event) => change({ view: event.currentTarget.value as ViewName })}>
              <For each={VIEW_NAMES}>{(name) => <option value={name} selected={query().view === name}>{t.views[name]}{viewCount(name) && ` (${viewCount(name)})`}</option>}</For>
            </select>
          </label>
          <div class="list-tools">
            <input
              ref={search}
              class="field search"
              type="search"
              aria-label={t.inbox.search}
              placeholder={t.inbox.search}
              value={query().q ?? ""}
              maxlength="256"
              autocomplete="off"
              onInput={onSearch}
              onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); focusList(); } else if (event.key === "Enter") focusList(); }}
            />
            <button type="button" class="button quiet-button" aria-expanded={areFiltersOpen()} onClick={() => setAreFiltersOpen(!areFiltersOpen())}>
              {filterCount() ? t.inbox.filterOn(filterCount()) : t.inbox.filter}
            </button>
          </div>
          <Show when={areFiltersOpen()}><Filters query={query()} onChange={change}/></Show>
          <div class="list-line">
            <span role="status">
              <Show when={list.total()}>{(total) => t.inbox.count(total().count, total().is_capped)}</Show>
            </span>
            <Show when={!query().q} fallback={<span>{t.inbox.sortFound}</span>}><label><span class="hidden">{t.inbox.sort}</span>
              <select class="plain-select" onChange={(event) => change({ sort: event.currentTarget.value as CaseSort })}>
                <For each={Object.entries(t.inbox.sorts)}>{([name, words]) => <option value={name} selected={query().sort === name}>{words}</option>}</For>
              </select>
            </label></Show>
          </div>
        </header>
        <div class="fresh-place" role="status" aria-live="polite">
          <Show when={list.freshCount() > 0}>
            <button type="button" class="fresh" onClick={() => void refresh()}>{t.inbox.fresh(list.freshCount())}, {t.inbox.freshShow} <kbd>.</kbd></button>
          </Show>
        </div>
        <Show when={list.state() === "failed" && list.trouble()}>{(what) => <TroubleNote trouble={what()} onRetry={() => void list.refresh()} />}</Show>
        <Show when={list.items().length} fallback={<Show when={list.state() === "idle"}><Empty query={query()} /></Show>}>
          <VirtualList
            items={list.items()}
            label={t.views[query().view]}
            chosen={chosen()}
            openId={route().caseId}
            total={list.hasMore ? -1 : list.items().length}
            onChoose={choose}
            onOpen={(index) => openAt(index)}
            onNearEnd={() => void list.loadMore()}
          >
            {(row) => <Row row={row} />}
          </VirtualList>
        </Show>
      </section>
      <section class="case-pane" aria-label={route().caseId ? t.case.title(route().caseId as number) : t.inbox.choose}>
        <Show when={route().caseId} keyed fallback={<Rest onNext={nextForMe} hasRows={list.items().length > 0} />}>
          {(id) => <CasePane id={id} onBack={backToList} isFocusWanted={() => isFocusWanted || (hasActed() && document.activeElement === document.body)} />}
        </Show>
      </section>
    </div>
  );
}
