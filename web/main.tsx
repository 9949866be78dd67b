// SPDX-License-Identifier: Apache-2.0
import { createSignal, Match, onMount, Show, Switch } from "solid-js";
import { render } from "solid-js/web";
import type { Trouble } from "./api/client";
import { TroubleNote } from "./parts/TroubleNote";
import { asTrouble } from "./state/cases";
import { loadSession, session } from "./state/session";
import { Shell } from "./views/Shell";
import { SignIn } from "./views/SignIn";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/inbox.css";
import "./styles/case.css";
import "./styles/pages.css";

function App() {
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const load = () => {
    setTrouble(null);
    loadSession().catch((error: unknown) => setTrouble(asTrouble(error)));
  };
  onMount(load);
  return (
    <Switch>
      <Match when={trouble()}>
        {(what) => <main class="alone"><TroubleNote trouble={what()} onRetry={load} /></main>}
      </Match>
      <Match when={session() === null}><SignIn /></Match>
      <Match when={session()}><Show when={session()?.workspace.id} keyed><Shell /></Show></Match>
    </Switch>
  );
}

render(() => <App />, document.getElementById("app") as HTMLElement);
