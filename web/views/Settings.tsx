// SPDX-License-Identifier: Apache-2.0
// Settings, light: channels with their secrets (shown once), people, my password, appearance, keys, the house's figures.
import { createSignal, For, Show, type JSX } from "solid-js";
import { newKey, type Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { Channel, ChannelKind, Role, User } from "../api/ops";
import { t } from "../i18n/en";
import { Keys } from "../parts/HelpSheet";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import { keyGroups } from "../state/keymap";
import { isSwitchable } from "../state/keys";
import { areKeysOff, offKeys, setAreKeysOff, setOffKeys, setTheme, theme, type Theme } from "../state/prefs";
import { may, session, setSession, signOut, zone } from "../state/session";
import { showToast } from "../state/toast";

const s = t.settings;

/** A secret or a link that the server shows only now. */
function Once(props: { title: string; hint: string; value: string; onDone: () => void }) {
  let field!: HTMLInputElement;
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(props.value);
      showToast({ text: s.copied });
    } catch {
      /* no clipboard on plain http: it is selected, Ctrl-C does it */
    }
  };
  return (
    <div class="once" role="alert">
      <p class="once-title">{props.title}</p>
      <p>{props.hint}</p>
      <div class="once-line">
        <input ref={field} class="field mono" readonly aria-label={props.title} value={props.value} onFocus={() => field.select()} />
        <button type="button" class="button" onClick={() => void copy()}>{s.copy}</button>
        <button type="button" class="button" onClick={() => props.onDone()}>{s.secretDone}</button>
      </div>
    </div>
  );
}

function Part(props: { id: string; title: string; children: JSX.Element }) {
  return <section class="part" aria-labelledby={`${props.id}-head`}><h2 id={`${props.id}-head`}>{props.title}</h2><div class="part-body">{props.children}</div></section>;
}

function Channels() {
  const [items, setItems] = createSignal<readonly Channel[]>([]);
  const [made, setMade] = createSignal<ops.ChannelCreated | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [name, setName] = createSignal("");
  const [kind, setKind] = createSignal<ChannelKind>("webhook");
  const load = () => ops.listChannels().then((page) => setItems(page.items), (error) => setTrouble(asTrouble(error)));
  void load();
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!name().trim()) return;
    try {
      setMade(await ops.createChannel(name().trim(), kind(), newKey()));
      setTrouble(null);
      setName("");
      void load();
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  return (
    <Part id="channels" title={s.channels}>
      <div class="table-wrap" tabindex="0" role="group" aria-labelledby="channels-head">
        <table>
          <thead><tr><th scope="col">{s.channelName}</th><th scope="col">{s.channelKind}</th><th scope="col" class="num">{s.channelPosts}</th><th scope="col">{s.channelLast}</th><th scope="col">{s.channelHook}</th></tr></thead>
          <tbody>
            <For each={items()} fallback={<tr><td colspan="5" class="quiet">{s.channelsNone}</td></tr>}>
              {(one) => <tr><th scope="row">{one.name}</th><td>{s.channelKinds[one.kind]}</td><td class="num">{one.post_count.toLocaleString("en-GB")}</td><td><Show when={one.last_post_at} fallback={s.never}>{(at) => <Time at={at()} />}</Show></td><td><Show when={one.hook_path}>{(path) => <code>{path()}</code>}</Show></td></tr>}
            </For>
          </tbody>
        </table>
      </div>
      <Show when={made()?.secret}>{(secret) => <Once title={s.secretTitle(made()?.channel.name ?? "")} hint={s.secretHint} value={secret()} onDone={() => setMade(null)} />}</Show>
      <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} />}</Show>
      <Show when={may("channel.write")}>
        <form class="line-form" onSubmit={(event) => void add(event)}>
          <label class="labelled">{s.channelName}<input class="field" maxlength="128" required value={name()} onInput={(event) => setName(event.currentTarget.value)} /></label>
          <label class="labelled">{s.channelKind}<select class="field" onChange={(event) => setKind(event.currentTarget.value as ChannelKind)}><For each={Object.entries(s.channelKinds)}>{([value, words]) => <option value={value} selected={kind() === value}>{words}</option>}</For></select></label>
          <button class="button" type="submit">{s.channelAdd}</button>
        </form>
      </Show>
    </Part>
  );
}

function People() {
  const [items, setItems] = createSignal<readonly User[]>([]);
  const [made, setMade] = createSignal<{ name: string; link: string } | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [form, setForm] = createSignal<{ name: string; email: string; role: Role }>({ name: "", email: "", role: "agent" });
  const load = () => ops.listUsers().then((page) => setItems(page.items), (error) => setTrouble(asTrouble(error)));
  void load();
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const done = await ops.createUser({ name: form().name.trim(), email: form().email.trim(), role: form().role }, newKey());
      setMade({ name: done.user.name, link: window.location.origin + done.sign_in_path });
      setTrouble(null);
      setForm({ name: "", email: "", role: "agent" });
      void load();
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  const renew = async (user: User) => {
    try {
      const done = await ops.createUserLink(user.id);
      setMade({ name: done.user.name, link: window.location.origin + done.sign_in_path });
      setTrouble(null);
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  return (
    <Part id="people" title={s.users}>
      <ul class="plain people"><For each={items()}>{(user) => <li><strong><bdi>{user.name}</bdi></strong> <span class="quiet"><bdi>{user.email}</bdi> · {s.roles[user.role].split(":")[0]}</span><Show when={may("user.write")}> <button type="button" class="button small" aria-label={s.linkNewFor(user.name)} onClick={() => void renew(user)}>{s.linkNew}</button></Show></li>}</For></ul>
      <Show when={made()}>{(one) => <Once title={s.linkTitle(one().name)} hint={s.linkHint} value={one().link} onDone={() => setMade(null)} />}</Show>
      <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} />}</Show>
      <Show when={may("user.write")}>
        <form class="line-form" onSubmit={(event) => void add(event)}>
          <label class="labelled">{s.userName}<input class="field" maxlength="256" required autocomplete="off" value={form().name} onInput={(event) => setForm({ ...form(), name: event.currentTarget.value })} /></label>
          <label class="labelled">{s.userEmail}<input class="field" type="email" maxlength="320" required autocomplete="off" value={form().email} onInput={(event) => setForm({ ...form(), email: event.currentTarget.value })} /></label>
          <label class="labelled">{s.userRole}<select class="field" onChange={(event) => setForm({ ...form(), role: event.currentTarget.value as Role })}><For each={Object.entries(s.roles)}>{([value, words]) => <option value={value} selected={form().role === value}>{words}</option>}</For></select></label>
          <button class="button" type="submit">{s.userAdd}</button>
        </form>
      </Show>
    </Part>
  );
}

function Password() {
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  let next!: HTMLInputElement;
  let current: HTMLInputElement | undefined;
  const hasOne = () => session()?.user?.has_password ?? false;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await ops.setPassword(next.value, current?.value || undefined);
      setTrouble(null);
      next.value = "";
      showToast({ text: s.passwordSaved });
      setSession(await ops.getSession(false));
    } catch (error) {
      setTrouble(asTrouble(error));
    }
  };
  return (
    <Part id="password" title={s.password}>
      <Show when={!hasOne()}><p>{s.passwordNone}</p></Show>
      <form class="line-form" onSubmit={(event) => void save(event)}>
        <input class="hidden" type="text" autocomplete="username" tabindex="-1" aria-hidden="true" readonly value={session()?.user?.email ?? ""} />
        <Show when={hasOne()}><label class="labelled">{s.passwordCurrent}<input ref={(field) => (current = field)} class="field" type="password" autocomplete="current-password" /></label></Show>
        <label class="labelled">{s.passwordNew}<input ref={next} class="field" type="password" minlength="10" maxlength="1024" required autocomplete="new-password" aria-describedby="password-hint" /><span id="password-hint" class="hint">{s.passwordHint}</span></label>
        <button class="button" type="submit">{s.passwordSave}</button>
      </form>
      <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} />}</Show>
    </Part>
  );
}

function Appearance() {
  const names: Theme[] = ["system", "light", "dark"];
  return (
    <Part id="appearance" title={s.appearance}>
      <fieldset class="kinds">
        <legend>{s.theme}</legend>
        <For each={names}>{(name) => <label class="kind"><input type="radio" name="theme" checked={theme() === name} onChange={() => setTheme(name)} /><span>{s.themes[name]}</span></label>}</For>
      </fieldset>
    </Part>
  );
}

function KeySwitches() {
  const groups = keyGroups((one) => isSwitchable(one.key));
  const flip = (key: string, isOn: boolean) => setOffKeys(isOn ? offKeys().filter((one) => one !== key) : [...offKeys(), key]);
  return (
    <Part id="keys" title={s.keys}>
      <p class="quiet">{s.keysHint}</p>
      <label class="check"><input type="checkbox" checked={areKeysOff()} onChange={(event) => setAreKeysOff(event.currentTarget.checked)} /> {s.keysOff}</label>
      <div class="key-groups">
        <For each={groups}>
          {([group, list]) => (
            <fieldset disabled={areKeysOff()}><legend>{group}</legend>
              <For each={list}>{(one) => <label class="check"><input type="checkbox" checked={!offKeys().includes(one.key)} onChange={(event) => flip(one.key, event.currentTarget.checked)} /> <Keys keys={one.key} /> <span>{one.name}</span></label>}</For>
            </fieldset>
          )}
        </For>
      </div>
    </Part>
  );
}

function House() {
  const [stats, setStats] = createSignal<ops.Stats | null>(null);
  const [policy, setPolicy] = createSignal<ops.Policy | null>(null);
  if (may("report.read")) ops.getStats().then(setStats, () => {});
  ops.getPolicy().then(setPolicy, () => {});
  const n = (value: number) => value.toLocaleString("en-GB");
  return (
    <Part id="house" title={s.house}>
      <dl class="facts">
        <div><dt>{s.workspace}</dt><dd>{session()?.workspace.name}</dd></div>
        <div><dt>{s.zone}</dt><dd>{zone()}</dd></div>
        <Show when={policy()}>{(one) => <div><dt>{s.policy}</dt><dd>{s.policyVersion(one().version)}, {one().is_default ? s.policyDefault : s.policyChanged} <span class="quiet mono">{one().sha256.slice(0, 12)}</span></dd></div>}</Show>
        <Show when={stats()}>
          {(one) => (
            <>
              <div><dt>{s.posts}</dt><dd>{n(one().posts)}</dd></div>
              <div><dt>{s.cases}</dt><dd>{n(one().cases)}</dd></div>
              <div><dt>{s.clocksRunning}</dt><dd>{n(one().open_clocks)}</dd></div>
              <div><dt>{s.ledger}</dt><dd>{s.ledgerEntries(one().ledger_entries)}<Show when={may("ledger.read")}> · <a href="/api/v1/ledger/checkpoint" target="_blank" rel="noopener">checkpoint</a></Show></dd></div>
            </>
          )}
        </Show>
      </dl>
      <p><button type="button" class="button" onClick={() => void signOut()}>{s.signOut}</button></p>
    </Part>
  );
}

export function Settings() {
  return (
    <div class="page settings">
      <header class="page-head"><h1>{s.title}</h1></header>
      <Show when={may("channel.read")}><Channels /></Show>
      <Show when={may("user.read")}><People /></Show>
      <Show when={session()?.user}><Password /></Show>
      <Appearance />
      <KeySwitches />
      <House />
    </div>
  );
}
