// SPDX-License-Identifier: Apache-2.0
// TEST DOUBLE, not the server: answers api/openapi.yaml from invented stories in memory, so that the page can be built and
// tested without the real one. Every JSON reply is validated against the contract; a reply that does not hold is
// answered with 500 and remembered (GET /__test/violations), which fails the tests. Nothing here is ever shipped.
// Usage: node contract-server.mjs [PORT] (0 = any); prints its address and a sign-in link.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import addFormats from "ajv-formats";
import Ajv from "ajv/dist/2020.js";
import YAML from "yaml";
import { CHANNELS, STORIES } from "./stories.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "../../web/dist");
const CONTRACT = YAML.parse(readFileSync(join(HERE, "../../api/openapi.yaml"), "utf8"), { maxAliasCount: 1000 });
// As the real server sends it (src/http/exchange.c).
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MIME = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" };
const MINUTE = 60_000;

// ---- the contract as a validator
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: "contract", components: { schemas: CONTRACT.components.schemas } });
const validators = new Map();
function validator(schema) {
  const text = JSON.stringify(schema).replaceAll('"#/', '"contract#/');
  if (!validators.has(text)) validators.set(text, ajv.compile(JSON.parse(text)));
  return validators.get(text);
}
const resolve = (part) => (part?.$ref ? part.$ref.slice(2).split("/").reduce((at, key) => at[key], CONTRACT) : part);
const routes = Object.entries(CONTRACT.paths).map(([path, item]) => ({ path, item, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, "([^/]+)")}$`) }));
function operationOf(method, path) {
  const found = routes.find((one) => one.pattern.test(path));
  return found?.item[method.toLowerCase()];
}

// ---- the invented world
function makeWorld(options) {
  const now = Date.now();
  const iso = (ms) => new Date(ms).toISOString();
  const world = { cases: new Map(), posts: new Map(), notes: new Map(), versions: new Map(), history: new Map(), seq: 1000, events: [], streams: new Set(), keys: new Map(), hasPassword: options.hasPassword ?? true };
  world.users = [
    { id: 1, name: "Ada Kessler", email: "ada@example.org", role: "owner", has_password: world.hasPassword },
    { id: 2, name: "Jo Brandt", email: "jo@example.org", role: "agent", has_password: true },
  ];
  world.channels = CHANNELS.map((one) => ({ ...one, created_at: iso(now - 14 * 86400e3), last_post_at: null, post_count: 0, hook_path: one.kind === "webhook" ? `/api/v1/hooks/${one.id}` : null }));
  let caseId = 100, postId = 500;
  const record = (id, at, kind, actor, sentence, post) => {
    const list = world.history.get(id) ?? [];
    list.unshift({ seq: ++world.seq, at, kind, actor, sentence, post_id: post ?? null });
    world.history.set(id, list);
  };
  world.record = record;

  world.tell = (kind, case_id, post_id) => {
    const event = { id: ++world.seq, kind, case_id, at: iso(Date.now()), ...(post_id ? { post_id } : {}) };
    world.events.push(event);
    for (const response of world.streams) sendEvent(response, event);
  };

  world.addPost = (id, part) => {
    const post = {
      id: ++postId, kind: "mention", is_own: false, is_private: false, author: { id: 9, name: "", handle: null }, channel_id: 2, parent_id: null,
      at: iso(now), learned_at: iso(now), text: "", title: null, rating: null, url: null, reach: null, echo_count: null, is_deleted: false, deleted_at: null,
      versions_count: 1, current_version: 1, assessment: null, belongs_to_case: true, ...part,
    };
    world.posts.set(id, [...(world.posts.get(id) ?? []), post]);
    world.versions.set(post.id, [{ version: 1, event: "create", at: post.at, learned_at: post.learned_at, text: post.text, title: post.title, rating: post.rating, is_current: true }]);
    const channel = world.channels.find((one) => one.id === post.channel_id);
    channel.post_count++;
    if (!channel.last_post_at || channel.last_post_at < post.at) channel.last_post_at = post.at;
    return post;
  };

  world.addStory = ([name, handle, channelId, intent, minutesAgo, state, text, more = {}]) => {
    const id = ++caseId;
    const at = now - minutesAgo * MINUTE;
    const channel = CHANNELS.find((one) => one.id === channelId);
    const kind = more.kind ?? { 1: "comment", 2: "mention", 3: "review", 4: "message", 5: "email", 6: "call" }[channelId];
    const isPrivate = ["message", "email", "call", "visit", "letter", "notice"].includes(kind);
    const author = { id: id + 1000, name: name === "Anonymous" ? "" : name, handle };
    const post = world.addPost(id, {
      kind, is_private: isPrivate, author, channel_id: channelId, at: iso(at), learned_at: iso(at + 3204), text, title: more.title ?? null, rating: more.rating ?? null,
      url: more.url ?? (isPrivate ? null : `https://social.example/p/${id}`), reach: more.reach ?? null, echo_count: more.echo_count ?? null,
    });
    record(id, post.learned_at, "case.created", null, `The case was opened by a ${kind} from ${author.name || "somebody anonymous"}.`, post.id);
    if (more.first) {
      world.versions.set(post.id, [
        { version: 1, event: "create", at: post.at, learned_at: post.learned_at, text: more.first, title: null, rating: null, is_current: false },
        { version: 2, event: "edit", at: iso(at + 4 * MINUTE), learned_at: iso(at + 4 * MINUTE + 2000), text, title: null, rating: null, is_current: true },
      ]);
      Object.assign(post, { versions_count: 2, current_version: 2 });
      record(id, iso(at + 4 * MINUTE + 2000), "post.edited", null, "The author edited the post; both versions are kept.", post.id);
    }
    if (more.deleted) Object.assign(post, { is_deleted: true, deleted_at: iso(now - more.deleted * MINUTE) });
    for (const [i, words] of (more.others ?? []).entries())
      world.addPost(id, { kind: "comment", author: { id: id + 5000 + i, name: ["Bo Krage", "Wanda Pihl"][i] ?? "Guest", handle: null }, channel_id: channelId, at: iso(at + (6 + i) * MINUTE), learned_at: iso(at + (6 + i) * MINUTE + 900), text: words, belongs_to_case: false, parent_id: post.id });
    const clocks = [];
    const limitMs = 30 * MINUTE;
    const local = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Oslo", weekday: "short", hour: "2-digit", minute: "2-digit" });
    const explain = (ms) => `Posted ${local.format(ms)} (Europe/Oslo), in business hours, so an answer is due within 30 minutes, at ${local.format(ms + limitMs)} (R5).`;
    if (!more.noClock) {
      clocks.push({ kind: "first_response", started_at: iso(at), warn_at: iso(at + limitMs * 0.6), due_at: iso(at + limitMs), stopped_at: null, stop_reason: null, is_breached: at + limitMs < now, is_paused: state === "on_hold", paused_us: state === "on_hold" ? 21 * 60e6 : 0, explain: explain(at), started_by_post_id: post.id, stopped_by_post_id: null });
    }
    if (more.reply) {
      const when = at + more.reply[0] * MINUTE;
      const own = world.addPost(id, { kind, is_own: true, is_private: isPrivate, author: { id: 1, name: "Jo Brandt", handle: null }, channel_id: channelId, at: iso(when), learned_at: iso(when + 500), text: more.reply[1], parent_id: post.id });
      if (clocks[0]) Object.assign(clocks[0], { stopped_at: iso(when), stop_reason: "answered", is_breached: when > at + limitMs, is_paused: false, stopped_by_post_id: own.id });
      record(id, own.learned_at, "post.created", { id: 2, name: "Jo Brandt" }, `We answered after ${more.reply[0]} minutes; the first-answer clock stopped.`, own.id);
    }
    if (more.then) {
      const when = at + more.then[0] * MINUTE;
      const again = world.addPost(id, { kind, author, channel_id: channelId, at: iso(when), learned_at: iso(when + 700), text: more.then[1], parent_id: post.id });
      clocks.push({ kind: "next_response", started_at: iso(when), warn_at: iso(when + limitMs * 0.6), due_at: iso(when + limitMs), stopped_at: null, stop_reason: null, is_breached: when + limitMs < now, is_paused: false, paused_us: 0, explain: explain(when), started_by_post_id: again.id, stopped_by_post_id: null });
    }
    const reasons = (more.words ?? []).flatMap(([words, label]) => {
      const field = text.includes(words) ? "text" : "title";
      const where = (field === "text" ? text : more.title ?? "").indexOf(words);
      if (where < 0) return [];
      const source = field === "text" ? text : more.title;
      return [{ label, list: { complaint: "complaint-phrases", legal: "legal-terms", safety: "safety-terms", praise: "thanks", abuse: "insults" }[label] ?? "questions", field, offset: Array.from(source.slice(0, where)).length, length: Array.from(words).length, weight: 2.5 }];
    });
    const conduct = more.conduct ?? "civil";
    const risks = more.risks ?? [];
    const urgency = more.urgency ?? 40;
    const assessment = {
      urgency, lang: "en", version: post.current_version,
      heads: [
        { name: "intent", label: intent, score: 0.93, is_unsure: false },
        { name: "sentiment", label: intent === "praise" ? "positive" : intent === "complaint" ? "negative" : "neutral", score: 0.88, is_unsure: false },
        { name: "conduct", label: conduct, score: 0.9, is_unsure: false },
        ...risks.map((label) => ({ name: "risk", label, score: 0.46, is_unsure: label === "safety" })),
      ],
      reasons,
    };
    post.assessment = assessment;
    const trace = [
      { rule: "complaint-is-answered", is_match: intent === "complaint", sentence: "A complaint is always answered; the first-answer clock runs.", r_number: "R6", where: "rules.yaml:31" },
      { rule: "safety-goes-first", is_match: risks.includes("safety"), sentence: "It touches somebody’s safety: priority is raised.", r_number: "R4", where: "rules.yaml:48" },
      { rule: "legal-goes-to-legal", is_match: risks.includes("legal"), sentence: "It names a court, an authority or a lawyer: counsel reads along.", r_number: "R7", where: "rules.yaml:57" },
      { rule: "spam-needs-no-answer", is_match: conduct === "spam", sentence: "It is an advertisement: no clock, no answer.", r_number: "R13", where: "rules.yaml:71" },
    ];
    const why = conduct === "spam" ? "An advertisement; it needs no answer."
      : state === "solved" || state === "closed" ? "Done: answered and solved."
      : more.reply && !more.then ? "Answered; nothing runs until they write again."
      : `${intent === "complaint" ? "A complaint" : intent === "praise" ? "Praise" : "A question"}${risks.length ? ` that touches ${risks.join(" and ")}` : ""}${more.reach ? `, seen by ${more.reach.toLocaleString("en-GB")}` : ""}, ${more.then ? "not answered again" : "not answered yet"}.`;
    const posts = world.posts.get(id).filter((one) => one.belongs_to_case);
    const customers = posts.filter((one) => !one.is_own);
    world.cases.set(id, {
      version: 1, clocks, trace, assessment, assessed: post.id,
      summary: {
        id, state, priority: more.priority ?? "normal", category: intent, subject_line: Array.from(more.title ?? text).slice(0, 120).join(""), snippet: Array.from(customers[customers.length - 1].text).slice(0, 280).join(""),
        author, channel, company: "Halvorsund Ferries", intent, sentiment: assessment.heads[1].label, conduct, risks, urgency, post_count: posts.length, unread: minutesAgo < 15, tags: more.tags ?? [],
        assignee: more.mine ? { id: 1, name: "Ada Kessler" } : more.assignee ? { id: more.assignee, name: world.users[more.assignee - 1].name } : null,
        next_clock: null, first_posted_at: post.at, last_posted_at: posts[posts.length - 1].at, etag: "", why,
      },
    });
    if (more.note) world.notes.set(id, [{ id: id * 10, at: iso(now - 10 * MINUTE), author: { id: 2, name: "Jo Brandt" }, text: more.note }]);
    return id;
  };
  if (!options.isEmpty) for (const story of STORIES) world.addStory(story);
  for (let i = 0; i < (options.bulk ?? 0); i++)
    world.addStory([`Passenger ${i}`, null, 1 + (i % 4), "complaint", 60 + i, "new", `Post number ${i}: the boat was late again.`, { urgency: 50 }]);
  return world;
}

function summaryOf(one) {
  const running = one.clocks.filter((clock) => !clock.stopped_at).sort((a, b) => a.due_at.localeCompare(b.due_at))[0];
  const isDone = ["solved", "closed"].includes(one.summary.state);
  const now = new Date().toISOString();
  return {
    ...one.summary,
    etag: `"${one.summary.id}-${one.version}"`,
    next_clock: !running || isDone ? null : {
      kind: running.kind, started_at: running.started_at, warn_at: running.warn_at, due_at: running.due_at, is_breached: running.due_at <= now, is_paused: ["pending", "on_hold"].includes(one.summary.state),
    },
  };
}
const VIEWS = {
  needs_answer: (s) => s.next_clock !== null && !s.next_clock.is_paused,
  mine: (s) => s.assignee?.id === 1 && !["solved", "closed"].includes(s.state),
  unassigned: (s) => !s.assignee && !["solved", "closed"].includes(s.state),
  breached: (s) => s.next_clock !== null && !s.next_clock.is_paused && s.next_clock.is_breached,
  due_soon: (s) => s.next_clock !== null && !s.next_clock.is_paused && !s.next_clock.is_breached && s.next_clock.warn_at <= new Date().toISOString(),
  pending: (s) => s.state === "pending",
  on_hold: (s) => s.state === "on_hold",
  solved: (s) => ["solved", "closed"].includes(s.state),
  all: () => true,
};
const dueOf = (s) => (s.next_clock && !s.next_clock.is_paused ? s.next_clock.due_at : "9");
/** As src/model/case.c has it. */
const NEXT_STATES = {
  new: ["open", "pending", "on_hold", "solved", "closed"], open: ["pending", "on_hold", "solved", "closed"], pending: ["open", "on_hold", "solved", "closed"],
  on_hold: ["open", "pending", "solved", "closed"], solved: ["open", "closed"], closed: ["open"],
};
const SORTS = {
  due: (a, b) => dueOf(a).localeCompare(dueOf(b)) || b.urgency - a.urgency || b.last_posted_at.localeCompare(a.last_posted_at),
  newest: (a, b) => b.last_posted_at.localeCompare(a.last_posted_at),
  urgency: (a, b) => b.urgency - a.urgency,
};

function detailOf(world, id) {
  const one = world.cases.get(id);
  const s = summaryOf(one);
  return {
    case: s,
    clocks: one.clocks.map((clock) => ({ ...clock, is_paused: !clock.stopped_at && ["pending", "on_hold"].includes(s.state), is_breached: clock.is_breached || (!clock.stopped_at && clock.due_at <= new Date().toISOString()) })),
    person: { id: id + 2000, names: [s.author.name, s.author.handle].filter(Boolean), other_cases_count: id % 3 },
    trace: one.trace, assessed_post_id: one.assessed, assessment: one.assessment,
  };
}

function figuresOf(world, filter) {
  const cases = [...world.cases.values()].filter((one) => filter(one.summary));
  const answered = cases.filter((one) => one.clocks[0]?.stop_reason === "answered");
  const tooks = answered.map((one) => (Date.parse(one.clocks[0].stopped_at) - Date.parse(one.clocks[0].started_at)) / 1000).sort((a, b) => a - b);
  const within = answered.filter((one) => !one.clocks[0].is_breached).length;
  const complaints = cases.filter((one) => one.summary.intent === "complaint");
  const share = (n) => (cases.length ? n / cases.length : null);
  return {
    customer_posts: cases.length, conversations: cases.length, answered: answered.length, answered_share: share(answered.length),
    first_response_median_s: tooks.length ? tooks[Math.floor((tooks.length - 1) / 2)] : null, first_response_p90_s: tooks.length ? tooks[Math.floor((tooks.length - 1) * 0.9)] : null,
    within_limit: within, within_limit_share: share(within), same_day: answered.length, same_day_share: share(answered.length),
    complaints: complaints.length, unanswered_complaints: complaints.filter((one) => !answered.includes(one)).length,
  };
}

// ---- the wire
function sendEvent(response, event) {
  response.write(`id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify({ kind: event.kind, case_id: event.case_id, ...(event.post_id ? { post_id: event.post_id } : {}), at: event.at })}\n\n`);
}
class Problem extends Error {
  constructor(status, title, detail, more = {}) {
    super(detail);
    this.status = status;
    this.body = { type: `urn:aplomb:problem:${status}`, title, status, detail, ...more };
  }
}

export async function startContractServer(options = {}) {
  let world = makeWorld(options);
  const violations = [];
  const tokens = new Set([options.token ?? "test-link"]);
  const sessions = new Map();
  const log = [];
  let isDown = false;

  const sessionOf = (request) => sessions.get(/aplomb=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);
  const sessionBody = (session) => ({
    user: world.users.find((one) => one.id === session.userId), workspace: { id: 1, name: "Halvorsund Ferries", zone: "Europe/Oslo", is_demo: options.isDemo ?? true }, csrf_token: session.csrf,
    permissions: CONTRACT.components.schemas.Permission.enum, expires_at: new Date(Date.now() + 86400e3).toISOString(),
  });
  const open = (response) => {
    const id = randomBytes(12).toString("hex");
    const session = { userId: 1, csrf: randomBytes(8).toString("hex") };
    sessions.set(id, session);
    response.setHeader("Set-Cookie", `aplomb=${id}; HttpOnly; SameSite=Lax; Path=/`);
    return [201, sessionBody(session)];
  };
  const mustCase = (id) => {
    if (!world.cases.has(id)) throw new Problem(404, "Not found", `There is no case ${id}.`, { where: "case_id" });
    return world.cases.get(id);
  };
  const pageOf = (items, url, max = 50) => {
    const limit = Number(url.searchParams.get("limit") ?? max);
    const from = Number(Buffer.from(url.searchParams.get("cursor") ?? "", "base64url").toString() || 0);
    const next = from + limit < items.length ? Buffer.from(String(from + limit)).toString("base64url") : null;
    return { items: items.slice(from, from + limit), next_cursor: next };
  };

  const handlers = {
    getHealth: () => [200, { status: "ok", version: "0.0.0" }],
    getSession: ({ session }) => [200, sessionBody(session)],
    createSession: ({ body, response }) => {
      if (body.email !== "ada@example.org" || body.password !== "correct horse battery staple") throw new Problem(401, "Not signed in", "This address and password do not go together.", { fix: "try again, or ask an owner for a one-time link" });
      return open(response);
    },
    redeemSignInLink: ({ body, response }) => {
      if (!tokens.has(body.token)) throw new Problem(401, "Not signed in", "This sign-in link was used or has expired.", { fix: "make a new one" });
      if (!options.isLinkReusable) tokens.delete(body.token);
      return open(response);
    },
    deleteSession: ({ request, response }) => {
      sessions.delete(/aplomb=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);
      response.setHeader("Set-Cookie", "aplomb=; Max-Age=0; Path=/");
      return [204];
    },
    setPassword: () => { world.users[0].has_password = true; return [204]; },
    listUsers: ({ url }) => [200, pageOf(world.users, url)],
    createUser: ({ body }) => {
      if (world.users.some((one) => one.email === body.email)) throw new Problem(409, "Exists already", `${body.email} is already in this workspace.`, { where: "email" });
      const user = { id: world.users.length + 1, ...body, has_password: false };
      world.users.push(user);
      return [201, { user, sign_in_path: "/sign-in?token=another", expires_at: new Date(Date.now() + 86400e3).toISOString() }];
    },
    createUserLink: ({ id }) => {
      const user = world.users.find((one) => one.id === id);
      if (!user) throw new Problem(404, "Not found", `there is nobody with the id ${id}`, { where: "user_id" });
      return [201, { user, sign_in_path: "/sign-in?token=anew", expires_at: new Date(Date.now() + 86400e3).toISOString() }];
    },
    listViews: () => {
      const all = [...world.cases.values()].map(summaryOf);
      return [200, { items: CONTRACT.components.schemas.ViewName.enum.map((name) => { const n = all.filter(VIEWS[name]).length; return { name, count: Math.min(n, 1000), is_capped: n > 1000 }; }), next_cursor: null }];
    },
    listCases: ({ url }) => {
      const get = (name) => url.searchParams.get(name);
      const words = (get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      const rows = [...world.cases.values()].map(summaryOf).filter((s) => VIEWS[get("view") ?? "needs_answer"](s)
        && words.every((word) => `${s.snippet} ${s.subject_line}`.toLowerCase().includes(word)));
      rows.sort(SORTS[words.length ? "newest" : get("sort") ?? "due"]);
      // Filters are looked at after paging, so that pages are short or empty, as the contract allows.
      const isWanted = (s) => (!get("channel") || String(s.channel.id) === get("channel")) && (!get("company") || s.company === get("company")) && (!get("intent") || s.intent === get("intent"));
      const page = pageOf(rows, url);
      return [200, { items: page.items.filter(isWanted), next_cursor: page.next_cursor, total_estimate: { count: Math.min(rows.filter(isWanted).length, 1000), is_capped: rows.length > 1000 } }];
    },
    getCase: ({ id, response }) => {
      mustCase(id).summary.unread = false;
      const detail = detailOf(world, id);
      response.setHeader("ETag", detail.case.etag);
      return [200, detail];
    },
    updateCase: ({ id, body, request, response }) => {
      const one = mustCase(id);
      const match = request.headers["if-match"];
      if (!match) throw new Problem(428, "If-Match is missing", "A change of a case needs the ETag that it is based on.");
      if (match !== "*" && match !== summaryOf(one).etag) throw new Problem(412, "Changed meanwhile", "Jo Brandt changed this case a moment ago.", { fix: "Look at the case as it is now and repeat the change if you still want it." });
      if (body.state && !NEXT_STATES[one.summary.state].includes(body.state)) throw new Problem(422, "Invalid input", `a case that is ${one.summary.state} cannot become ${body.state}`, { where: "state", fix: `it can become ${NEXT_STATES[one.summary.state].join(", ")}` });
      const { assignee_id, ...rest } = body;
      Object.assign(one.summary, rest);
      if (assignee_id !== undefined) one.summary.assignee = assignee_id === null ? null : { id: assignee_id, name: world.users.find((user) => user.id === assignee_id).name };
      one.version++;
      const parts = Object.entries(body).map(([key, value]) => `${key.replace("_id", "")} is now ${Array.isArray(value) ? value.join(", ") || "empty" : key === "assignee_id" ? one.summary.assignee?.name ?? "nobody" : value}`);
      world.record(id, new Date().toISOString(), "case.updated", { id: 1, name: "Ada Kessler" }, `Changed: ${parts.join("; ")}.`);
      world.tell("case.updated", id);
      const detail = detailOf(world, id);
      response.setHeader("ETag", detail.case.etag);
      return [200, detail];
    },
    listCasePosts: ({ id, url }) => { mustCase(id); return [200, pageOf(world.posts.get(id), url)]; },
    listCaseHistory: ({ id, url }) => { mustCase(id); return [200, pageOf(world.history.get(id) ?? [], url)]; },
    listCaseNotes: ({ id, url }) => { mustCase(id); return [200, pageOf(world.notes.get(id) ?? [], url)]; },
    createCaseNote: ({ id, body }) => {
      mustCase(id);
      const note = { id: ++world.seq, at: new Date().toISOString(), author: { id: 1, name: "Ada Kessler" }, text: body.text };
      world.notes.set(id, [...(world.notes.get(id) ?? []), note]);
      world.tell("note.created", id);
      return [201, note];
    },
    listPostVersions: ({ id, url }) => {
      if (!world.versions.has(id)) throw new Problem(404, "Not found", `There is no post ${id}.`);
      return [200, pageOf(world.versions.get(id), url)];
    },
    createIntake: ({ body }) => {
      if (body.case_id) {
        mustCase(body.case_id);
        const post = world.addPost(body.case_id, { kind: body.kind, is_private: true, author: { id: 1, name: body.author.name, handle: null }, channel_id: 6, at: body.at, learned_at: new Date().toISOString(), text: body.text });
        world.tell("post.created", body.case_id, post.id);
        return [201, { post_id: post.id, reply_post_id: null, case_id: body.case_id }];
      }
      const id = world.addStory([body.author.name, null, 6, "complaint", (Date.now() - Date.parse(body.at)) / MINUTE, "new", body.text, { kind: body.kind, title: body.title ?? undefined, rating: body.rating ?? undefined, urgency: 50 }]);
      world.tell("case.created", id);
      return [201, { post_id: world.posts.get(id)[0].id, reply_post_id: body.own_reply ? world.posts.get(id)[0].id : null, case_id: id }];
    },
    listChannels: ({ url }) => [200, pageOf(world.channels, url)],
    createChannel: ({ body }) => {
      const id = world.channels.length + 1;
      const channel = { id, ...body, created_at: new Date().toISOString(), last_post_at: null, post_count: 0, hook_path: body.kind === "webhook" ? `/api/v1/hooks/${id}` : null };
      world.channels.push(channel);
      return [201, { channel, secret: body.kind === "webhook" ? "whsec_" + randomBytes(24).toString("base64") : null }];
    },
    getReport: ({ url }) => {
      const by = url.searchParams.get("by");
      const since = url.searchParams.get("since"), until = url.searchParams.get("until");
      const inSpan = (s) => (!since || s.first_posted_at >= since) && (!until || s.first_posted_at < until);
      const top = [...world.cases.values()].filter((one) => inSpan(one.summary) && one.summary.intent === "complaint" && !one.clocks[0]?.stopped_at).sort((a, b) => b.summary.urgency - a.summary.urgency).slice(0, 10);
      const keys = by === "channel" ? world.channels.map((one) => [one.name, one.id]) : by === "company" ? [["Halvorsund Ferries", null]] : [];
      const groups = keys.map(([key, channel_id]) => ({ key, channel_id, figures: figuresOf(world, (s) => inSpan(s) && (channel_id === null || s.channel.id === channel_id)) })).filter((one) => one.figures.conversations);
      groups.sort((a, b) => b.figures.conversations - a.figures.conversations);
      return [200, {
        since, until, by, figures: figuresOf(world, inSpan), groups,
        top: top.map((one) => ({ case_id: one.summary.id, author: one.summary.author.name, text: world.posts.get(one.summary.id)[0].text, posted_at: one.summary.first_posted_at, why: one.summary.why, urgency: one.summary.urgency })),
      }];
    },
    getStats: () => [200, { posts: 51, replies: 11, cases: world.cases.size, open_cases: 30, open_clocks: 22, breached_clocks: 6, authors: 42, channels: world.channels.length, users: world.users.length, post_versions: 52, notes: 2, ledger_entries: world.seq }],
    getPolicy: () => [200, { version: 1, sha256: createHash("sha256").update("policy").digest("hex"), is_default: true, loaded_at: new Date().toISOString(), files: [] }],
  };

  function reply(request, response, operation, status, body, type = "application/json") {
    if (status === 204) return response.writeHead(204).end();
    const declared = resolve(operation?.responses[String(status)]);
    const schema = declared?.content?.[type]?.schema;
    const check = schema && validator(schema);
    if (!operation || !schema || !check(body)) {
      violations.push({ request: `${request.method} ${request.url}`, status, errors: check?.errors ?? "status or type is not in the contract", body });
      console.error("contract broken:", JSON.stringify(violations[violations.length - 1]).slice(0, 2000));
      return response.writeHead(500).end("contract broken");
    }
    response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(JSON.stringify(body));
  }

  async function api(request, response, url) {
    const operation = operationOf(request.method, url.pathname);
    try {
      if (!operation) throw Object.assign(new Problem(404, "Not found", "No such resource."));
      const session = sessionOf(request);
      if (!operation.security && !session) throw new Problem(401, "Not signed in", "Sign in first.");
      if (!operation.security && request.method !== "GET" && request.headers["x-csrf-token"] !== session.csrf) throw new Problem(403, "Not allowed", "The CSRF token is missing or wrong.");
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const body = text ? JSON.parse(text) : undefined;
      const schema = operation.requestBody?.content["application/json"].schema;
      if (schema && !validator(schema)(body)) {
        violations.push({ request: `${request.method} ${request.url}`, errors: validator(schema).errors, body });
        throw new Problem(400, "Not understood", ajv.errorsText(validator(schema).errors));
      }
      log.push({ operationId: operation.operationId, headers: request.headers, body });
      const key = request.headers["idempotency-key"];
      if (key && world.keys.has(key)) return reply(request, response, operation, ...world.keys.get(key));
      if (operation.operationId === "streamEvents") return stream(request, response);
      if (operation.operationId === "getCheckpoint") return response.writeHead(200, { "Content-Type": "text/plain" }).end("halvorsund.example/ledger/1\n1311\n");
      const id = Number(url.pathname.split("/")[4]);
      const handler = handlers[operation.operationId];
      if (!handler) throw new Error(`the test double does not know ${operation.operationId}`);
      const answer = handler({ request, response, url, session, body, id });
      if (key) world.keys.set(key, answer);
      reply(request, response, operation, ...answer);
    } catch (error) {
      if (!(error instanceof Problem)) {
        violations.push({ request: `${request.method} ${request.url}`, errors: String(error.stack) });
        return response.writeHead(500).end(String(error));
      }
      if (!operation) return response.writeHead(404).end();
      reply(request, response, operation, error.status, error.body, "application/problem+json");
    }
  }
  function stream(request, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    const after = Number(request.headers["last-event-id"] ?? NaN);
    if (!Number.isNaN(after)) for (const event of world.events.filter((one) => one.id > after)) sendEvent(response, event);
    world.streams.add(response);
    request.on("close", () => world.streams.delete(response));
  }

  function asset(request, response, url) {
    let path = normalize(join(DIST, url.pathname));
    if (!path.startsWith(DIST) || !existsSync(path) || !statSync(path).isFile()) {
      if (extname(url.pathname)) return response.writeHead(404).end();
      path = join(DIST, "index.html");
    }
    const headers = { "Content-Type": MIME[extname(path)] ?? "application/octet-stream", "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": url.pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache" };
    if (existsSync(`${path}.br`) && /\bbr\b/.test(request.headers["accept-encoding"] ?? "")) {
      headers["Content-Encoding"] = "br";
      path += ".br";
    }
    response.writeHead(200, headers).end(readFileSync(path));
  }

  const server = createServer((request, response) => {
    if (isDown) return request.socket.destroy();
    const url = new URL(request.url, "http://127.0.0.1");
    if (url.pathname.startsWith("/api/") || url.pathname === "/healthz") return void api(request, response, url);
    asset(request, response, url);
  });
  await new Promise((done) => server.listen(options.port ?? 0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${server.address().port}`;
  return {
    url: address,
    link: `${address}/sign-in?token=${[...tokens][0]}`,
    violations, log,
    get world() { return world; },
    addLink(token) { tokens.add(token); },
    arrive(story) { const id = world.addStory(story); world.tell("case.created", id); world.tell("post.created", id, world.posts.get(id)[0].id); return id; },
    touch(id, kind, change) { change(world.cases.get(id)); world.cases.get(id).version++; world.tell(kind, id); },
    reset(more = {}) { world = makeWorld({ ...options, ...more }); },
    signOutAll() { sessions.clear(); },
    /** Like a pulled plug: connections die, new ones too, until it is put back. */
    setDown(down) { isDown = down; if (down) server.closeAllConnections(); },
    close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startContractServer({ port: Number(process.argv[2] ?? 8765), isLinkReusable: true, bulk: Number(process.env.BULK ?? 0) });
  console.log(`contract server (a test double): ${server.url}\nsign in: ${server.link}`);
}
