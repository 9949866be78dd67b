// SPDX-License-Identifier: Apache-2.0
// What can be done right now. A component adds its commands while it lives; names and keys come from keymap.ts.
// Single letters can be switched off one by one or all together, because screen readers and voice control use them.
import { createSignal, onCleanup } from "solid-js";
import { KEYMAP, type CommandId, type KeyEntry } from "./keymap";
import { areKeysOff, offKeys } from "./prefs";

export interface Command extends KeyEntry {
  id: string;
  run: () => void;
  /** Whether it makes sense right now. */
  isOn?: () => boolean;
}

const [commands, setCommands] = createSignal<readonly Command[]>([]);
export { commands };

/** Adds commands for as long as the calling component lives. */
export function useCommands(acts: { id: CommandId; run: () => void; isOn?: () => boolean }[]): void {
  const list: Command[] = acts.map((act) => ({ ...KEYMAP[act.id], ...act }));
  setCommands((all) => [...all, ...list]);
  onCleanup(() => setCommands((all) => all.filter((one) => !list.includes(one))));
}

/** Enter, Escape and Ctrl-K disturb nobody; characters may. */
export function isSwitchable(key: string): boolean {
  return key.length === 1 || key.includes(" ");
}

export function isKeyOn(key: string): boolean {
  if (!isSwitchable(key)) return true;
  return !areKeysOff() && !offKeys().includes(key);
}

const PREFIX_MS = 1500;
let prefix = "";
let prefixAt = 0;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]") !== null;
}

/** Characters outside of fields; Enter only where it means nothing else yet; Escape outside of fields. */
function isForUs(event: KeyboardEvent): boolean {
  if (isTyping(event.target)) return false;
  if (event.key === "Enter") return event.target === document.body;
  return event.key === "Escape" || event.key.length === 1;
}

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const hasCtrl = event.ctrlKey || event.metaKey;
  if (event.altKey || (hasCtrl && event.shiftKey)) return;
  if (!hasCtrl && !isForUs(event)) return;
  let pressed = hasCtrl ? `Ctrl-${event.key.toUpperCase()}` : event.key === "Escape" ? "Esc" : event.key;
  if (prefix && event.timeStamp - prefixAt < PREFIX_MS) pressed = `${prefix} ${pressed}`;
  prefix = "";
  // The one that was added last is the nearest to what is on the screen.
  const hit = [...commands()].reverse().find((one) => one.key === pressed && isKeyOn(one.key) && (one.isOn?.() ?? true));
  if (hit) {
    event.preventDefault();
    hit.run();
  } else if (!hasCtrl && commands().some((one) => one.key.startsWith(pressed + " ") && isKeyOn(one.key))) {
    prefix = pressed;
    prefixAt = event.timeStamp;
    event.preventDefault();
  }
}
