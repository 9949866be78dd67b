// SPDX-License-Identifier: Apache-2.0
// Time in words. Always in the workspace's zone; UTC stands in the tooltip.

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

const dayKey = (ms: number, zone: string) => format(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).format(ms);

/** "10:45" today, "Mon 10:45" this week, "12 Nov 10:45" this year, "24 Feb 2015" before. */
export function shortTime(iso: string, zone: string, nowMs: number): string {
  const ms = Date.parse(iso);
  const clock = format(zone, { hour: "2-digit", minute: "2-digit" }).format(ms);
  if (dayKey(ms, zone) === dayKey(nowMs, zone)) return clock;
  const age = Math.abs(nowMs - ms) / 1000;
  if (age < 6 * DAY) return `${format(zone, { weekday: "short" }).format(ms)} ${clock}`;
  const isThisYear = format(zone, { year: "numeric" }).format(ms) === format(zone, { year: "numeric" }).format(nowMs);
  if (isThisYear) return `${format(zone, { day: "numeric", month: "short" }).format(ms)} ${clock}`;
  return format(zone, { day: "numeric", month: "short", year: "numeric" }).format(ms);
}

/** "Mon 23 Nov 2026, 10:45" */
export function longTime(iso: string, zone: string): string {
  const ms = Date.parse(iso);
  const day = format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(ms).replace(",", "");
  return `${day}, ${format(zone, { hour: "2-digit", minute: "2-digit" }).format(ms)}`;
}

export function utcTime(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

/** Two units at most: "45 s", "4 min 12 s", "26 min", "2 h 5 min", "3 days", "5 months". */
export function duration(seconds: number, isFine = false): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < 10 * MINUTE && isFine) return `${Math.floor(s / MINUTE)} min ${String(s % MINUTE).padStart(2, "0")} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) {
    const minutes = Math.floor((s % HOUR) / MINUTE);
    return `${Math.floor(s / HOUR)} h${minutes && s < 10 * HOUR ? ` ${minutes} min` : ""}`;
  }
  const days = Math.floor(s / DAY);
  if (days < 60) return days === 1 ? "1 day" : `${days} days`;
  if (days < 730) return `${Math.floor(days / 30.44)} months`;
  return `${Math.floor(days / 365.25)} years`;
}

/** What a date field shows for this moment: "2026-11-23T10:45". */
export function toLocalField(ms: number, zone: string): string {
  const part = Object.fromEntries(
    format(zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
      .formatToParts(ms)
      .map((p) => [p.type, p.value]),
  );
  return `${part["year"]}-${part["month"]}-${part["day"]}T${part["hour"]}:${part["minute"]}`;
}

/** The moment that a date field means in a zone; null when it is empty or broken. In a gap, the time after it. */
export function fromLocalField(field: string, zone: string): string | null {
  const wanted = Date.parse(field.length === 10 ? `${field}T00:00Z` : `${field}Z`);
  if (Number.isNaN(wanted)) return null;
  let guess = wanted;
  // The zone's offset at the guess, corrected once more for guesses across a change of clocks.
  for (let i = 0; i < 2; i++) guess += wanted - Date.parse(`${toLocalField(guess, zone)}Z`);
  return new Date(guess).toISOString();
}
