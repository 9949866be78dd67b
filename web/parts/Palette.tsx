// SPDX-License-Identifier: Apache-2.0
// Everything by name: a combobox over the table of commands. A number opens that case, anything else can be searched.
import { createEffect, createMemo, createSignal, For, on, Show } from "solid-js";
import { t } from "../i18n/en";
import { KEYMAP } from "../state/keymap";
import { commands, type Command } from "../state/keys";
import { inboxPath, navigate } from "../state/router";
import { Keys } from "./HelpSheet";
import { Sheet } from "./Sheet";

const MAX_SHOWN = 12;
/** What is done to the case at hand comes first. */
const RANK = [t.help.groups.case, t.help.groups.go, t.help.groups.page, t.help.groups.move];
const order = Object.keys(KEYMAP);

/** All words of the query occur in the name, in any order. */
function matches(command: Command, words: string[]): boolean {
  const name = `${command.group} ${command.name}`.toLowerCase();
  return words.every((word) => name.includes(word));
}

export function Palette(props: { onClose: () => void }) {
  const [text, setText] = createSignal("");
  const [chosen, setChosen] = createSignal(0);
  const found = createMemo<Command[]>(() => {
    const typed = text().trim();
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = new Set<string>();
    const hits = [...commands()]
      .reverse()
      .filter((one) => one.id !== "palette" && (one.isOn?.() ?? true) && matches(one, words) && !seen.has(one.id) && seen.add(one.id))
      .sort((a, b) => RANK.indexOf(a.group) - RANK.indexOf(b.group) || order.indexOf(a.id) - order.indexOf(b.id))
      .slice(0, MAX_SHOWN);
    if (/^[1-9][0-9]{0,14}$/.test(typed))
      hits.unshift({ id: "case", key: "", group: "", name: t.palette.goCase(typed), run: () => navigate(`/inbox/all/${typed}`) });
    else if (typed)
      hits.push({ id: "find", key: "", group: "", name: t.palette.search(typed), run: () => navigate(inboxPath({ view: "all", sort: "newest", q: typed }, null)) });
    return hits;
  });
  createEffect(on(text, () => setChosen(0), { defer: true }));

  const run = (command: Command | undefined) => {
    if (!command) return;
    props.onClose();
    // After the dialog is gone and has given the focus back, so that the command may move it.
    queueMicrotask(() => command.run());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      const count = found().length;
      if (count) setChosen((at) => (at + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(found()[chosen()]);
    }
  };
  return (
    <Sheet title={t.palette.title} class="palette" onClose={props.onClose}>
      <input
        class="field"
        type="text"
        role="combobox"
        aria-label={t.palette.placeholder}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found().length ? `palette-${chosen()}` : undefined}
        aria-autocomplete="list"
        autocomplete="off"
        spellcheck={false}
        placeholder={t.palette.placeholder}
        value={text()}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        autofocus
      />
      <div id="palette-list" class="palette-list" role="listbox" aria-label={t.palette.title}>
        <For each={found()}>
          {(command, i) => (
            <div
              id={`palette-${i()}`}
              role="option"
              class="palette-item"
              aria-selected={chosen() === i()}
              onPointerMove={() => setChosen(i())}
              onClick={() => run(command)}
            >
              <span>{command.name}</span>
              <span class="quiet">{command.group}</span>
              <Show when={command.key} fallback={<span />}><span><Keys keys={command.key} /></span></Show>
            </div>
          )}
        </For>
      </div>
      <Show when={!found().length}><p class="quiet">{t.palette.none}</p></Show>
    </Sheet>
  );
}
