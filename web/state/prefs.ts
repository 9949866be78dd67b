// SPDX-License-Identifier: Apache-2.0
// What this person wants on this computer: theme, and which keys act. Kept in the browser, never sent.
import { createSignal, type Accessor } from "solid-js";

function stored<T>(name: string, initial: T): [Accessor<T>, (value: T) => void] {
  const key = `aplomb.${name}`;
  let start = initial;
  try {
    const text = localStorage.getItem(key);
    if (text !== null) start = JSON.parse(text) as T;
  } catch {
    /* storage is forbidden or holds rubbish: the default is fine */
  }
  const [value, set] = createSignal<T>(start);
  return [
    value,
    (next: T) => {
      set(() => next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        /* it holds for this visit */
      }
    },
  ];
}

export type Theme = "system" | "light" | "dark";
export const [theme, storeTheme] = stored<Theme>("theme", "system");
export const [offKeys, setOffKeys] = stored<string[]>("keys-off", []);
export const [areKeysOff, setAreKeysOff] = stored<boolean>("keys-all-off", false);
export const [hiddenHints, setHiddenHints] = stored<string[]>("hints-hidden", []);

export function setTheme(next: Theme): void {
  storeTheme(next);
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

export function cycleTheme(): void {
  const order: Theme[] = ["system", "light", "dark"];
  setTheme(order[(order.indexOf(theme()) + 1) % order.length] as Theme);
}
