// SPDX-License-Identifier: Apache-2.0
import { createMemo } from "solid-js";
import { longTime, shortTime, utcTime } from "../i18n/time";
import { now } from "../state/clock";
import { zone } from "../state/session";

/** A moment in the workspace's zone, UTC in the tooltip. */
export function Time(props: { at: string; isLong?: boolean }) {
  // Minutes are enough: the words depend on the day, not on the second.
  const minute = createMemo(() => Math.floor(now() / 60_000));
  const words = () => (props.isLong ? longTime(props.at, zone()) : shortTime(props.at, zone(), minute() * 60_000));
  return (
    <time class="time" datetime={props.at} title={`${longTime(props.at, zone())} · ${utcTime(props.at)}`}>
      {words()}
    </time>
  );
}
