// SPDX-License-Identifier: Apache-2.0
// Short messages after an act, with the way back.
import { createSignal } from "solid-js";

export interface Toast {
  id: number;
  text: string;
  tone: "calm" | "trouble";
  undo?: (() => Promise<void>) | undefined;
  link?: { path: string; text: string } | undefined;
}

const SHOWN_MS = 12_000;
const [toasts, setToasts] = createSignal<Toast[]>([]);
export { toasts };
let nextId = 1;
const timers = new Map<number, number>();

export function dismissToast(id: number): void {
  window.clearTimeout(timers.get(id));
  timers.delete(id);
  setToasts((all) => all.filter((one) => one.id !== id));
}

/** Nobody is hurried while the pointer or the focus is on the message. */
export function holdToast(id: number): void {
  window.clearTimeout(timers.get(id));
}
export function releaseToast(id: number): void {
  window.clearTimeout(timers.get(id));
  timers.set(id, window.setTimeout(() => dismissToast(id), SHOWN_MS));
}

export function showToast(toast: Omit<Toast, "id" | "tone"> & { tone?: Toast["tone"] }): void {
  const id = nextId++;
  setToasts((all) => [...all.slice(-2), { tone: "calm", ...toast, id }]);
  releaseToast(id);
}

/** Takes back the newest act that can be taken back. */
export async function undoLast(): Promise<boolean> {
  const last = [...toasts()].reverse().find((one) => one.undo);
  if (!last) return false;
  dismissToast(last.id);
  await last.undo?.();
  return true;
}
