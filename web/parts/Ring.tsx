// SPDX-License-Identifier: Apache-2.0
// The clock: a thin ring and the time left in words. The words carry the meaning; the ring is for the eye only.
import { createMemo, Show } from "solid-js";
import type { NextClock } from "../api/ops";
import { t } from "../i18n/en";
import { duration, longTime, utcTime } from "../i18n/time";
import { now } from "../state/clock";
import { zone } from "../state/session";

type ClockLike = Pick<NextClock, "started_at" | "warn_at" | "due_at" | "is_paused">;
export type ClockTone = "calm" | "warn" | "breach" | "paused";

export function clockTone(clock: ClockLike, atMs: number): ClockTone {
  if (clock.is_paused) return "paused";
  if (atMs >= Date.parse(clock.due_at)) return "breach";
  return atMs >= Date.parse(clock.warn_at) ? "warn" : "calm";
}

const RADIUS = 9;
const ROUND = 2 * Math.PI * RADIUS;

export function Ring(props: { clock: ClockLike }) {
  const tone = createMemo(() => clockTone(props.clock, now()));
  // In 1/200 of the ring: the attribute changes seldom although the time changes each second.
  const left = createMemo(() => {
    const start = Date.parse(props.clock.started_at);
    const due = Date.parse(props.clock.due_at);
    const share = due > start ? (due - now()) / (due - start) : 0;
    return Math.round(Math.min(1, Math.max(0, share)) * 200) / 200;
  });
  const dash = () => (tone() === "breach" ? `${ROUND} 0` : `${left() * ROUND} ${ROUND}`);
  return (
    <svg class="ring" data-tone={tone()} viewBox="0 0 24 24" aria-hidden="true">
      <circle class="ring-track" cx="12" cy="12" r={RADIUS} />
      <circle class="ring-left" cx="12" cy="12" r={RADIUS} stroke-dasharray={dash()} transform="rotate(-90 12 12)" />
      <Show when={tone() === "breach"}><path class="ring-hands" d="M12 7.5V12.4L15 14.2" /></Show>
    </svg>
  );
}

/** "12 min left", "3 h late", "Paused"; the exact time in the tooltip. */
export function TimeLeft(props: { clock: ClockLike; isFine?: boolean }) {
  const words = createMemo(() => {
    if (props.clock.is_paused) return t.time.paused;
    const seconds = (Date.parse(props.clock.due_at) - now()) / 1000;
    return seconds > 0
      ? t.time.left(duration(Math.ceil(seconds), props.isFine ?? false))
      : t.time.late(duration(-seconds, props.isFine ?? false));
  });
  const tone = createMemo(() => clockTone(props.clock, now()));
  return (
    <time
      class="time-left"
      data-tone={tone()}
      datetime={props.clock.due_at}
      title={`${t.time.dueAt(longTime(props.clock.due_at, zone()))} · ${utcTime(props.clock.due_at)}`}
    >
      {words()}
    </time>
  );
}

export function NoRing(props: { isDone: boolean }) {
  return (
    <svg class="ring" data-tone="none" viewBox="0 0 24 24" aria-hidden="true">
      <Show when={props.isDone} fallback={<circle class="ring-dot" cx="12" cy="12" r="1.8" />}>
        <path class="ring-check" d="M7.5 12.5l3 3 6-6.5" />
      </Show>
    </svg>
  );
}
