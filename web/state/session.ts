// SPDX-License-Identifier: Apache-2.0
// Who is here. undefined: not asked yet; null: nobody signed in.
import { createSignal } from "solid-js";
import { setCsrfToken, whenReachChanges, whenSignedOut } from "../api/client";
import * as ops from "../api/ops";
import type { Permission, Session } from "../api/ops";

const [session, setSession_] = createSignal<Session | null | undefined>(undefined);
const [isReachable, setIsReachable] = createSignal(true);
/** Where to go on after signing in again. */
let returnTo = "/";

export { session, isReachable, setIsReachable };

export function setSession(next: Session | null): void {
  setCsrfToken(next?.csrf_token ?? null);
  setSession_(next);
}
export function takeReturnPath(): string {
  const path = returnTo;
  returnTo = "/";
  return path;
}
export function may(permission: Permission): boolean {
  return session()?.permissions.includes(permission) ?? false;
}
export function zone(): string {
  return session()?.workspace.zone ?? "UTC";
}

whenSignedOut(() => {
  if (!session()) return;
  returnTo = window.location.pathname + window.location.search;
  setSession(null);
});
whenReachChanges(setIsReachable);
window.addEventListener("offline", () => setIsReachable(false));

export async function loadSession(): Promise<void> {
  const path = window.location.pathname + window.location.search;
  try {
    setSession(await ops.getSession(true));
  } catch (error) {
    if ((error as { status?: number }).status !== 401) throw error;
    if (!path.startsWith("/sign-in")) returnTo = path;
    setSession(null);
  }
}

export async function signOut(): Promise<void> {
  await ops.signOut();
  setSession(null);
}
