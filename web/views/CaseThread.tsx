// SPDX-License-Identifier: Apache-2.0
// The thread: the customer's posts large, our replies quiet, other people's posts folded away; edits and deletions in place.
import { createMemo, createSignal, For, Show } from "solid-js";
import * as ops from "../api/ops";
import type { CaseDetail, Post, PostVersion } from "../api/ops";
import { t } from "../i18n/en";
import { duration, shortTime } from "../i18n/time";
import { Diff } from "../parts/Diff";
import { Marked } from "../parts/Marked";
import { safeUrl } from "../parts/safe-url";
import { Time } from "../parts/Time";
import { TroubleNote } from "../parts/TroubleNote";
import { asTrouble } from "../state/cases";
import type { Trouble } from "../api/client";
import { now } from "../state/clock";
import { zone } from "../state/session";

/** Worth a word when a channel was late; what was imported from an archive is old by nature. */
const LATE_LEARNT_S = 15 * 60;
const ARCHIVE_LEARNT_S = 7 * 86_400;

function Versions(props: { postId: number; version: number }) {
  const [items, setItems] = createSignal<PostVersion[] | null>(null);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  ops.listVersions(props.postId).then((page) => setItems(page.items), (error) => setTrouble(asTrouble(error)));
  return (
    <div class="versions">
      <Show when={trouble()}>{(what) => <TroubleNote trouble={what()} />}</Show>
      <ol class="plain">
        <For each={items()}>
          {(one, i) => (
            <li class="version">
              <p class="quiet small">{t.case.version(one.version)} · {t.case.versionSaid} <Time at={one.at} isLong={true} /> · {t.case.versionLearnt} <Time at={one.learned_at} isLong={true} /></p>
              <p class="version-text">
                <Show when={i() > 0 && one.event !== "delete"} fallback={<bdi>{one.event === "delete" ? t.case.deleted("") : one.text}</bdi>}>
                  <Diff before={items()?.[i() - 1]?.text ?? ""} after={one.text} />
                </Show>
              </p>
            </li>
          )}
        </For>
      </ol>
    </div>
  );
}

function Stars(props: { rating: number }) {
  return <span class="stars" role="img" aria-label={t.case.rating(props.rating)}>{"★".repeat(Math.round(props.rating))}{"☆".repeat(5 - Math.round(props.rating))}</span>;
}

function Said(props: { post: Post; detail: CaseDetail; repliedAfterS: number | null }) {
  const post = () => props.post;
  const [areVersionsOpen, setAreVersionsOpen] = createSignal(false);
  const reasons = () => (post().id === props.detail.assessed_post_id ? props.detail.assessment?.reasons : post().assessment?.reasons);
  const lateS = () => (Date.parse(post().learned_at) - Date.parse(post().at)) / 1000;
  const url = createMemo(() => safeUrl(post().url));
  return (
    <li class="said" data-own={post().is_own ? "" : undefined} data-other={post().belongs_to_case ? undefined : ""} data-deleted={post().is_deleted ? "" : undefined}>
      <p class="said-meta">
        <span class="said-who"><Show when={post().is_own} fallback={<bdi>{post().author.name || t.anonymous}</bdi>}>{t.case.we}<Show when={post().author.name}> (<bdi>{post().author.name}</bdi>)</Show></Show></span>
        {" · "}{t.kinds[post().kind]}<Show when={post().is_private}>, {t.case.private}</Show>
        {" · "}<Time at={post().at} />
        <Show when={props.repliedAfterS !== null}> · {t.case.replyAfter(duration(props.repliedAfterS ?? 0))}</Show>
        <Show when={lateS() > LATE_LEARNT_S && lateS() < ARCHIVE_LEARNT_S}> · {t.case.learnt(duration(lateS()))}</Show>
        <Show when={post().reach}>{(n) => <> · {t.case.reach(n())}</>}</Show>
        <Show when={post().echo_count}>{(n) => <> · {t.case.echoes(n())}</>}</Show>
        <Show when={url()}>{(href) => <> · <a href={href()} target="_blank" rel="noopener noreferrer nofollow">{t.case.permalink}</a></>}</Show>
        <Show when={post().versions_count > 1}>
          {" · "}
          <button type="button" class="link-button" aria-expanded={areVersionsOpen()} onClick={() => setAreVersionsOpen(!areVersionsOpen())}>
            {areVersionsOpen() ? t.case.versionsHide : t.case.edited(post().versions_count)}
          </button>
        </Show>
      </p>
      <Show when={post().is_deleted}><p class="deleted">{t.case.deleted(post().deleted_at ? shortTime(post().deleted_at as string, zone(), now()) : "")}</p></Show>
      <Show when={post().rating !== null}><Stars rating={post().rating as number} /></Show>
      <Show when={post().title}>{(title) => <p class="said-title"><Marked text={title()} reasons={reasons()} field="title" /></p>}</Show>
      <p class="said-text"><Marked text={post().text} reasons={reasons()} field="text" /></p>
      <Show when={areVersionsOpen()}><Versions postId={post().id} version={post().current_version} /></Show>
    </li>
  );
}

/** Runs of other people's posts fold into one line. */
type Block = { kind: "ours"; post: Post } | { kind: "others"; posts: Post[] };
function blocks(posts: readonly Post[]): Block[] {
  const all: Block[] = [];
  for (const post of posts) {
    const last = all[all.length - 1];
    if (post.belongs_to_case) all.push({ kind: "ours", post });
    else if (last?.kind === "others") last.posts.push(post);
    else all.push({ kind: "others", posts: [post] });
  }
  return all;
}

export function CaseThread(props: { posts: readonly Post[]; detail: CaseDetail; hasMore: boolean; onMore: () => void }) {
  /** How long a customer waited for the reply: since the first of their posts that had none yet. */
  const waits = createMemo(() => {
    const found = new Map<number, number>();
    let since: number | null = null;
    for (const post of props.posts.filter((one) => one.belongs_to_case)) {
      if (!post.is_own) since ??= Date.parse(post.at);
      else if (since !== null) {
        found.set(post.id, (Date.parse(post.at) - since) / 1000);
        since = null;
      }
    }
    return found;
  });
  const row = (post: Post) => <Said post={post} detail={props.detail} repliedAfterS={waits().get(post.id) ?? null} />;
  // Keyed by post, so that an update touches the posts that changed and no other.
  const visible = createMemo(() => blocks(props.posts));
  const folded = createMemo(() => new Map(visible().flatMap((block) => (block.kind === "others" ? block.posts.map((post) => [post.id, block.posts] as const) : []))));
  const heads = createMemo(() => props.posts.filter((post) => post.belongs_to_case || folded().get(post.id)?.[0] === post));
  return (
    <section class="thread" aria-label={t.case.thread}>
      <ol class="plain">
        <For each={heads()}>
          {(post) => (
            <Show when={post.belongs_to_case} fallback={<li class="others"><details><summary>{t.case.others(folded().get(post.id)?.length ?? 1)}</summary><ol class="plain"><For each={folded().get(post.id) ?? []}>{row}</For></ol></details></li>}>
              {row(post)}
            </Show>
          )}
        </For>
      </ol>
      <Show when={props.hasMore}><button type="button" class="button" onClick={() => props.onMore()}>{t.case.moreThread}</button></Show>
    </section>
  );
}
