// SPDX-License-Identifier: Apache-2.0
// Sign in: by a one-time link (/sign-in?token=…, no click needed) or with a password.
import { createSignal, onMount, Show } from "solid-js";
import type { Trouble } from "../api/client";
import * as ops from "../api/ops";
import type { Session } from "../api/ops";
import { t } from "../i18n/en";
import { Mark } from "../parts/Mark";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import { navigate, route } from "../state/router";
import { setSession, takeReturnPath } from "../state/session";

export function SignIn() {
  const token = route().screen === "sign-in" ? route().params.get("token") : null;
  const [isByLink, setIsByLink] = createSignal(token !== null);
  const [linkTrouble, setLinkTrouble] = createSignal<Trouble | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  let email!: HTMLInputElement;
  let password!: HTMLInputElement;

  const enter = (session: Session) => {
    const path = takeReturnPath();
    setSession(session);
    navigate(path, true);
  };
  onMount(async () => {
    document.title = `${t.signIn.title} · ${t.appName}`;
    if (token === null) return;
    // The token leaves the address bar and the history at once; it works only once anyway.
    navigate("/sign-in", true);
    try {
      enter(await ops.redeemLink(token));
    } catch (error) {
      setLinkTrouble(asTrouble(error));
      setIsByLink(false);
    }
  });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setTrouble(null);
    try {
      enter(await ops.signIn(email.value.trim(), password.value));
    } catch (error) {
      setTrouble(asTrouble(error));
      setIsBusy(false);
      password.focus();
      password.select();
    }
  };
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <p class="sign-in-brand"><Mark /> {t.appName}</p>
        <h1>{isByLink() ? t.signIn.byLink : t.signIn.title}</h1>
        <Show when={!isByLink()}>
          <Show when={linkTrouble()} fallback={<p class="quiet">{t.signIn.lead}</p>}>
            {(what) => (
              <Show when={what().status === 401} fallback={<TroubleNote trouble={what()} />}>
                <div class="trouble" role="alert">
                  <p class="trouble-what">{t.signIn.linkFailed}</p>
                  <p>{t.signIn.linkFailedText} <code>{t.signIn.linkCommand}</code></p>
                </div>
              </Show>
            )}
          </Show>
          <form class="stack" onSubmit={(event) => void submit(event)}>
            <label class="labelled">{t.signIn.email}
              <input ref={email} class="field" type="email" name="email" autocomplete="username" required autofocus />
            </label>
            <label class="labelled">{t.signIn.password}
              <input ref={password} class="field" type="password" name="password" autocomplete="current-password" required />
            </label>
            <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} safe="" />}</Show>
            <button class="button primary" type="submit" disabled={isBusy()}>{t.signIn.submit}</button>
          </form>
          <p class="quiet small">{t.signIn.firstTime}</p>
        </Show>
      </div>
    </main>
  );
}
