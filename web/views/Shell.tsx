// SPDX-License-Identifier: Apache-2.0
// The frame: navigation, banners, the current screen, and what is everywhere (keys, sheet, palette, toasts, live feed).
import { createEffect, createSignal, For, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import { t } from "../i18n/en";
import { HelpSheet } from "../parts/HelpSheet";
import { Mark } from "../parts/Mark";
import { Palette } from "../parts/Palette";
import { Toasts } from "../parts/Toasts";
import { loadViews, views } from "../state/cases";
import { handleKey, useCommands } from "../state/keys";
import { startLive } from "../state/live";
import { cycleTheme, hiddenHints, setHiddenHints } from "../state/prefs";
import { followLink, inboxPath, navigate, route, VIEW_NAMES, type Screen } from "../state/router";
import { isReachable, may, session, signOut } from "../state/session";
import { showToast, undoLast } from "../state/toast";
import { Inbox } from "./Inbox";
import { Intake } from "./Intake";
import { Report } from "./Report";
import { Settings } from "./Settings";

export function viewCount(name: string): string {
  const view = views().find((one) => one.name === name);
  return view ? view.count.toLocaleString("en-GB") + (view.is_capped ? "+" : "") : "";
}

function goCommands() {
  return [
    ...VIEW_NAMES.map((name) => ({ id: name === "pending" ? ("pendingView" as const) : name, run: () => navigate(inboxPath({ view: name, sort: "due" }, null)) })),
    { id: "report" as const, run: () => navigate("/report"), isOn: () => may("report.read") },
    { id: "writeDown" as const, run: () => navigate("/new"), isOn: () => may("intake.write") },
    { id: "settings" as const, run: () => navigate("/settings") },
  ];
}

function NavLink(props: { path: string; text: string; is: boolean; count?: string; class?: string }) {
  return (
    <a href={props.path} class={`nav-link ${props.class ?? ""}`} aria-current={props.is ? "page" : undefined}>
      <span>{props.text}</span>
      <Show when={props.count}><span class="nav-count" data-zero={props.count === "0" ? "" : undefined}>{props.count}</span></Show>
    </a>
  );
}

function Nav(props: { onHelp: () => void }) {
  const isAt = (screen: Screen) => route().screen === screen;
  return (
    <nav class="nav" aria-label={t.nav.label}>
      <p class="brand"><Mark /><span><strong>{t.appName}</strong><span class="brand-place">{session()?.workspace.name}</span></span></p>
      <div class="nav-views" role="group" aria-label={t.nav.views}>
        <For each={VIEW_NAMES}>
          {(name) => (
            <NavLink
              class={`nav-view nav-${name}`}
              path={inboxPath({ view: name, sort: "due" }, null)}
              text={t.views[name]}
              is={isAt("inbox") && route().view === name}
              count={viewCount(name)}
            />
          )}
        </For>
      </div>
      <div class="nav-screens">
        <NavLink class="nav-inbox" path="/" text={t.nav.inbox} is={isAt("inbox")} />
        <Show when={may("report.read")}><NavLink path="/report" text={t.nav.report} is={isAt("report")} /></Show>
        <Show when={may("intake.write")}><NavLink path="/new" text={t.nav.intake} is={isAt("new")} /></Show>
        <NavLink path="/settings" text={t.nav.settings} is={isAt("settings")} />
      </div>
      <div class="nav-foot">
        <span class="nav-me">{session()?.user?.name}</span>
        <button type="button" class="nav-help" onClick={() => props.onHelp()}>{t.nav.help} <kbd>?</kbd></button>
      </div>
    </nav>
  );
}

function Banners() {
  const needsPassword = () => session()?.user?.has_password === false && !hiddenHints().includes("password") && route().screen !== "settings";
  return (
    <header class="banners">
      <Show when={session()?.workspace.is_demo}><p class="banner" data-tone="demo">{t.demo}</p></Show>
      <div role="status" aria-live="polite">
        <Show when={!isReachable()}><p class="banner" data-tone="offline">{t.offline}</p></Show>
      </div>
      <Show when={needsPassword()}>
        <p class="banner" data-tone="hint">
          {t.hints.password} <a href="/settings#password-head">{t.hints.passwordLink}</a>
          <button type="button" class="link-button" onClick={() => setHiddenHints([...hiddenHints(), "password"])}>{t.hints.hide}</button>
        </p>
      </Show>
    </header>
  );
}

export function Shell() {
  const [isHelpOpen, setIsHelpOpen] = createSignal(false);
  const [isPaletteOpen, setIsPaletteOpen] = createSignal(false);
  useCommands([
    ...goCommands(),
    { id: "palette", run: () => setIsPaletteOpen(true) },
    { id: "sheet", run: () => setIsHelpOpen(true) },
    { id: "undo", run: () => void undoLast().then((was) => was || showToast({ text: t.undoneNothing })) },
    { id: "theme", run: cycleTheme },
    { id: "signOut", run: () => void signOut() },
  ]);
  onMount(() => {
    document.addEventListener("keydown", handleKey);
    document.addEventListener("click", followLink);
    const stopLive = startLive();
    void loadViews();
    // Cases become overdue by themselves, without an event.
    const timer = window.setInterval(() => void loadViews(), 60_000);
    onCleanup(() => {
      document.removeEventListener("keydown", handleKey);
      document.removeEventListener("click", followLink);
      window.clearInterval(timer);
      stopLive();
    });
  });
  createEffect(() => {
    const at = route();
    const names: Partial<Record<Screen, string>> = {
      inbox: at.caseId ? t.case.title(at.caseId) : t.views[at.view], report: t.report.title, new: t.intake.title, settings: t.settings.title,
    };
    document.title = `${names[at.screen] ?? t.lost.title} · ${session()?.workspace.name ?? t.appName}`;
    if (at.screen === "sign-in") navigate("/", true);
  });
  return (
    <div class="shell" data-screen={route().screen} data-case={route().caseId ? "" : undefined}>
      <Banners />
      <Nav onHelp={() => setIsHelpOpen(true)} />
      <main class="screen" id="screen">
        <Switch fallback={<Lost />}>
          <Match when={route().screen === "inbox"}><Inbox /></Match>
          <Match when={route().screen === "report"}><Report /></Match>
          <Match when={route().screen === "new"}><Intake /></Match>
          <Match when={route().screen === "settings"}><Settings /></Match>
        </Switch>
      </main>
      <Toasts />
      <Show when={isHelpOpen()}><HelpSheet onClose={() => setIsHelpOpen(false)} /></Show>
      <Show when={isPaletteOpen()}><Palette onClose={() => setIsPaletteOpen(false)} /></Show>
    </div>
  );
}

function Lost() {
  return (
    <div class="page"><h1>{t.lost.title}</h1><p>{t.lost.text} <a href="/">{t.lost.link}</a></p></div>
  );
}
