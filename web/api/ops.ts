// SPDX-License-Identifier: Apache-2.0
// One function per operation of api/openapi.yaml that the page uses; shapes come from the generated types.
import { call, type Schemas } from "./client";

export type Session = Schemas["Session"];
export type User = Schemas["User"];
export type View = Schemas["View"];
export type ViewName = Schemas["ViewName"];
export type CaseSort = Schemas["CaseSort"];
export type CaseState = Schemas["CaseState"];
export type Priority = Schemas["Priority"];
export type CaseSummary = Schemas["CaseSummary"];
export type CaseDetail = Schemas["CaseDetail"];
export type CaseList = Schemas["CaseList"];
export type CasePatch = Schemas["CasePatch"];
export type Clock = Schemas["Clock"];
export type NextClock = Schemas["NextClock"];
export type Post = Schemas["Post"];
export type PostVersion = Schemas["PostVersion"];
export type Assessment = Schemas["Assessment"];
export type Reason = Schemas["Reason"];
export type TraceStep = Schemas["TraceStep"];
export type Note = Schemas["Note"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type IntakeCreate = Schemas["IntakeCreate"];
export type IntakeCreated = Schemas["IntakeCreated"];
export type Channel = Schemas["Channel"];
export type ChannelCreated = Schemas["ChannelCreated"];
export type ChannelKind = Schemas["ChannelKind"];
export type Figures = Schemas["Figures"];
export type Report = Schemas["Report"];
export type Stats = Schemas["Stats"];
export type Policy = Schemas["Policy"];
export type PostKind = Schemas["PostKind"];
export type Role = Schemas["Role"];
export type Permission = Schemas["Permission"];
export type LiveEvent = Schemas["LiveEvent"];
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

const API = "/api/v1";

/** Leaves out what is undefined or empty. */
export function query(params: Record<string, string | number | undefined | null>): string {
  const pairs = Object.entries(params).filter(([, v]) => v !== undefined && v !== null && v !== "");
  return pairs.length ? "?" + new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString() : "";
}

export const getSession = (is401Expected: boolean) => call<Session>("GET", `${API}/session`, { is401Expected });
export const signIn = (email: string, password: string) =>
  call<Session>("POST", `${API}/session`, { body: { email, password }, is401Expected: true });
export const redeemLink = (token: string) =>
  call<Session>("POST", `${API}/session/link`, { body: { token }, is401Expected: true });
export const signOut = () => call<void>("DELETE", `${API}/session`);
export const setPassword = (password: string, current?: string) =>
  call<void>("PUT", `${API}/session/password`, {
    body: current ? { password, current_password: current } : { password },
    is401Expected: true,
  });

export const listUsers = () => call<Page<User>>("GET", `${API}/users${query({ limit: 200 })}`);
export const createUser = (body: Schemas["UserCreate"], idempotencyKey: string) =>
  call<Schemas["UserCreated"]>("POST", `${API}/users`, { body, idempotencyKey });

/** No idempotency key: each asking makes another link, and the newest is the one that is shown. */
export const createUserLink = (id: number) => call<Schemas["UserCreated"]>("POST", `${API}/users/${id}/link`);

export const listViews = () => call<Page<View>>("GET", `${API}/views`);

export interface CaseQuery {
  view: ViewName;
  sort: CaseSort;
  q?: string | undefined;
  channel?: string | undefined;
  company?: string | undefined;
  intent?: string | undefined;
}
export const listCases = (q: CaseQuery, cursor: string | null, limit: number, signal?: AbortSignal) =>
  call<CaseList>("GET", `${API}/cases${query({ ...q, cursor, limit })}`, signal ? { signal } : {});
export const getCase = (id: number) => call<CaseDetail>("GET", `${API}/cases/${id}`);
export const patchCase = (id: number, patch: CasePatch, etag: string) =>
  call<CaseDetail>("PATCH", `${API}/cases/${id}`, { body: patch, ifMatch: etag });
export const listPosts = (id: number, cursor: string | null) =>
  call<Page<Post>>("GET", `${API}/cases/${id}/posts${query({ cursor, limit: 100 })}`);
export const listVersions = (postId: number) => call<Page<PostVersion>>("GET", `${API}/posts/${postId}/versions`);
export const listHistory = (id: number, cursor: string | null) =>
  call<Page<HistoryEntry>>("GET", `${API}/cases/${id}/history${query({ cursor, limit: 50 })}`);
export const listNotes = (id: number) => call<Page<Note>>("GET", `${API}/cases/${id}/notes${query({ limit: 200 })}`);
export const createNote = (id: number, text: string, idempotencyKey: string) =>
  call<Note>("POST", `${API}/cases/${id}/notes`, { body: { text }, idempotencyKey });

export const createIntake = (body: IntakeCreate, idempotencyKey: string) =>
  call<IntakeCreated>("POST", `${API}/intake`, { body, idempotencyKey });
export const listChannels = () => call<Page<Channel>>("GET", `${API}/channels${query({ limit: 200 })}`);
export const createChannel = (name: string, kind: ChannelKind, idempotencyKey: string) =>
  call<ChannelCreated>("POST", `${API}/channels`, { body: { name, kind }, idempotencyKey });

export const getReport = (params: { since?: string | undefined; until?: string | undefined; by: "company" | "channel" }) =>
  call<Report>("GET", `${API}/report${query(params)}`);
export const getStats = () => call<Stats>("GET", `${API}/stats`);
export const getPolicy = () => call<Policy>("GET", `${API}/policy`);
