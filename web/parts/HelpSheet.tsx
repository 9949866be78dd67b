// SPDX-License-Identifier: Apache-2.0
import { For, Show } from "solid-js";
import { t } from "../i18n/en";
import { keyGroups } from "../state/keymap";
import { isKeyOn } from "../state/keys";
import { Sheet } from "./Sheet";

export function Keys(props: { keys: string }) {
  return <For each={props.keys.split(" ")}>{(key, i) => <><Show when={i() > 0}> </Show><kbd>{key}</kbd></>}</For>;
}

export function HelpSheet(props: { onClose: () => void }) {
  return (
    <Sheet title={t.help.title} class="help" onClose={props.onClose}>
      <p class="quiet">{t.help.lead}</p>
      <div class="help-groups">
        <For each={keyGroups(() => true)}>
          {([group, list]) => (
            <section>
              <h3>{group}</h3>
              <dl class="help-keys">
                <For each={list}>
                  {(one) => (
                    <div>
                      <dt><Keys keys={one.key} /></dt>
                      <dd>{one.name}<Show when={!isKeyOn(one.key)}> <span class="quiet">({t.help.off})</span></Show></dd>
                    </div>
                  )}
                </For>
              </dl>
            </section>
          )}
        </For>
      </div>
      <p class="quiet">{t.help.later}</p>
    </Sheet>
  );
}
