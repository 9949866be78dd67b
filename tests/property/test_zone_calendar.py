# SPDX-License-Identifier: Apache-2.0
"""Zones, business calendars and due times against independent implementations.

Zones: Python's zoneinfo over every zone of the system's database, around every change of offset from 1970 to 2040 and at
random times. Calendars and clocks: a slow walk, minute by minute, that knows only zoneinfo and the rules in words.

Both sides read the same files. APLOMB_PROPERTY_SEED repeats a run, APLOMB_PROPERTY_CASES=3 makes it three times as long.
Times are integer microseconds; naive datetimes count as seconds of local time "as if UTC".
"""

import bisect
import os
import random
import struct
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("APLOMB_ZONEINFO", "/usr/share/zoneinfo"))
os.environ["PYTHONTZPATH"] = str(ROOT)
import zoneinfo  # noqa: E402  (reads PYTHONTZPATH when first imported)

zoneinfo.reset_tzpath([str(ROOT)])

SEED = int(os.environ.get("APLOMB_PROPERTY_SEED", "20261123"))
SCALE = float(os.environ.get("APLOMB_PROPERTY_CASES", "1"))
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NONE = 2**63 - 1
EPOCH = datetime(1970, 1, 1)
EPOCH_UTC = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST, LAST = 0, int((datetime(2041, 1, 1) - EPOCH).total_seconds())

print(f"seed {SEED} (APLOMB_PROPERTY_SEED), scale {SCALE} (APLOMB_PROPERTY_CASES)")


def find_probe():
    if "APLOMB_MODEL_PROBE" in os.environ:
        return os.environ["APLOMB_MODEL_PROBE"]
    found = sorted(Path(__file__).parents[2].glob("build*/tests/property/model_probe"),
                   key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.skip("build tests/property/model_probe first", allow_module_level=True)
    return str(found[-1])


PROBE = find_probe()


def ask(lines):
    """The probe's answers, one per line."""
    result = subprocess.run([PROBE], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    answers = result.stdout.splitlines()
    assert len(answers) == len(lines), result.stderr
    return answers


def all_zones():
    """Every IANA name with the bytes of its file; "posix/" and "right/" are other editions of the same."""
    zones = {}
    for path in sorted(ROOT.rglob("*")):
        name = str(path.relative_to(ROOT))
        if name.split("/")[0] in ("posix", "right") or name in ("localtime", "posixrules") or not path.is_file():
            continue
        data = path.read_bytes()
        if data[:4] == b"TZif":
            zones[name] = data
    return zones


ZONES = all_zones()


def file_changes(data):
    """The transition times of a TZif file (its 64-bit block)."""
    def counts(at):
        return struct.unpack(">6l", data[at + 20:at + 44])

    isut, isstd, leap, times, types, chars = counts(0)
    width, at = 4, 44
    if data[4:5] >= b"2":
        at += times * 5 + types * 6 + chars + leap * 8 + isstd + isut
        isut, isstd, leap, times, types, chars = counts(at)
        width, at = 8, at + 44
    return list(struct.unpack(f">{times}{'q' if width == 8 else 'l'}", data[at:at + times * width]))


def utc(us):
    return EPOCH_UTC + timedelta(microseconds=us)


def local_us(zone, us):
    return (utc(us).astimezone(zone).replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)


def changes(zone, data):
    """All changes from 1970 to 2040: those of the file, and by weekly search those that only its rule gives."""
    found = [t for t in file_changes(data) if FIRST < t < LAST]
    step = 7 * 86400
    start = max(found[-1] if found else FIRST, FIRST)
    previous = utc(start * SECOND).astimezone(zone).utcoffset()
    for t in range(start + step, LAST, step):
        offset = utc(t * SECOND).astimezone(zone).utcoffset()
        if offset != previous:
            low, high = t - step, t
            while high - low > 1:
                mid = (low + high) // 2
                if utc(mid * SECOND).astimezone(zone).utcoffset() == previous:
                    low = mid
                else:
                    high = mid
            found.append(high)
        previous = offset
    return found


def expected_local(zone, us):
    t = utc(us).astimezone(zone)
    offset = int(t.utcoffset().total_seconds())
    return f"{us + offset * SECOND} {offset} {int(bool(t.dst()))} {t.tzname()}"


def expected_utc(zone, local):
    t = (EPOCH + timedelta(microseconds=local)).replace(tzinfo=zone)
    return local - t.utcoffset() // timedelta(microseconds=1)


def zone_questions(rng, zone, data, spot_checks):
    """(line, expected answer or function of it) for one zone."""
    instants, locals_ = [], []
    for t in changes(zone, data):
        before = utc((t - 1) * SECOND).astimezone(zone).utcoffset() // timedelta(seconds=1)
        after = utc(t * SECOND).astimezone(zone).utcoffset() // timedelta(seconds=1)
        instants += [t * SECOND - 1, t * SECOND, (t + rng.randrange(-90000, 90000)) * SECOND]
        low, high = sorted((t + before, t + after))
        locals_ += [low * SECOND - 1, low * SECOND, (low + high) // 2 * SECOND, high * SECOND - 1, high * SECOND,
                    (t + rng.randrange(-90000, 90000)) * SECOND + rng.randrange(SECOND)]
    for _ in range(spot_checks):
        instants.append(rng.randrange(FIRST * SECOND, LAST * SECOND))
        locals_.append(rng.randrange(FIRST * SECOND, LAST * SECOND))
    for us in instants:
        yield f"L {us}", expected_local(zone, us)
    for us in locals_:
        yield f"U {us}", str(expected_utc(zone, us))


def test_every_zone_both_ways():
    rng = random.Random(SEED)
    seen = {}
    count = 0
    for name, data in ZONES.items():
        zone = zoneinfo.ZoneInfo(name)
        is_alias = data in seen
        seen.setdefault(data, name)
        questions = [] if is_alias and SCALE < 2 else list(zone_questions(rng, zone, data, int(30 * SCALE)))
        lines = [f"Z {ROOT / name} {name}"] + [q for q, _ in questions]
        answers = ask(lines)
        assert answers[0] == "ok", f"{name}: {answers[0]}"
        for (question, expected), answer in zip(questions, answers[1:]):
            if question[0] == "U":
                answer = answer.split()[0]
            assert answer == expected, f"{name}: {question}"
        count += len(questions)
    assert len(ZONES) > 400 and count > 100_000
    print(f"{len(ZONES)} zones, {len(seen)} different, {count} questions")


class Walk:
    """The wall clock of a zone, read every minute."""

    def __init__(self, zone, start, days):
        start -= start % MINUTE
        self.times = [start + i * MINUTE for i in range(days * 1440)]
        self.local = [local_us(zone, t) for t in self.times]
        self.latest, top = [], -2**63
        for value in self.local:
            top = max(top, value)
            self.latest.append(top)
        self.days = {value // DAY for value in self.local}

    def first_at(self, local):
        """The first minute at which the clock shows `local` or has jumped past it."""
        return bisect.bisect_left(self.latest, local)

    def open_minutes(self, shifts, holidays):
        is_open = bytearray(len(self.times))
        for day in self.days:  # a date that the zone skipped is not there
            if day in holidays:
                continue
            for weekday, start, end in shifts:
                if (day + 4) % 7 == weekday:
                    for i in range(self.first_at(day * DAY + start * MINUTE), self.first_at(day * DAY + end * MINUTE)):
                        is_open[i] = 1
        return is_open


def random_shifts(rng):
    """A week of shifts that do not overlap, of every kind that people have."""
    kind = rng.randrange(6)
    if kind == 0:
        return [(day, 540, 1020) for day in range(1, 6)]
    if kind == 1:
        return [(day, 0, 1440) for day in range(7)]
    if kind == 2:  # nights
        return [(day, 1320, 1800) for day in range(7)]
    if kind == 3:  # split, and hours that fall into changes
        return [(day, s, e) for day in range(7) for s, e in ((30, 150), (155, 185), (720, 1439))]
    marks = sorted(rng.sample(range(0, 7 * 1440, 5), 2 * rng.randrange(1, 8)))
    shifts = []
    for start, end in zip(marks[::2], marks[1::2]):
        day = start // 1440
        while end - start > 1440:
            shifts.append((day, start - day * 1440, start - day * 1440 + 1440))
            start += 1440
            day += 1
        shifts.append((day, start - day * 1440, end - day * 1440))
    return shifts


def whole_minutes(zone, us, days):
    return all(utc(us + d * DAY).astimezone(zone).utcoffset() % timedelta(minutes=1) == timedelta(0)
               for d in range(-3, days))


def pick_moments(rng, names, wanted):
    """(name, zone, instant), most of them within days of a change of offset."""
    while wanted:
        name = rng.choice(names)
        zone = zoneinfo.ZoneInfo(name)
        near = [t for t in file_changes(ZONES[name]) if FIRST + 10 * 86400 < t < LAST - 20 * 86400]
        if near and rng.random() < 0.85:
            us = rng.choice(near) * SECOND + rng.randrange(-36 * 60, 24 * 60) * MINUTE
        else:
            us = rng.randrange(FIRST + 10 * 86400, LAST - 20 * 86400) // 60 * MINUTE
        if whole_minutes(zone, us, 12):
            wanted -= 1
            yield name, zone, us


def business_between(walk, is_open, start, end):
    base = walk.times[0]
    total = 0
    for i in range((start - base) // MINUTE, (end - base + MINUTE - 1) // MINUTE):
        if is_open[i]:
            total += min(end, walk.times[i] + MINUTE) - max(start, walk.times[i])
    return total


def add_business(walk, is_open, start, amount):
    left = amount
    for i in range((start - walk.times[0]) // MINUTE, len(walk.times)):
        if is_open[i]:
            begin = max(start, walk.times[i])
            room = walk.times[i] + MINUTE - begin
            if left <= room:
                return begin + left
            left -= room
    return None


def end_of_day(walk, us):
    """23:59:59 of the local day, or the moment itself when that is later."""
    day = walk.local[(us - walk.times[0]) // MINUTE] // DAY
    last = max(i for i, value in enumerate(walk.local) if value // DAY <= day)
    return max(us, walk.times[last] + 59 * SECOND)


def calendar_case(rng, name, zone, us):
    """Questions about one random calendar at one moment, with the answers of the walk."""
    walk = Walk(zone, us - 3 * DAY, 14)
    shifts = random_shifts(rng)
    today = local_us(zone, us) // DAY
    holidays = {today + d for d in range(-1, 5) if rng.random() < 0.15}
    is_open = walk.open_minutes(shifts, holidays)
    base = walk.times[0]
    yield f"Z {ROOT / name} {name}", "ok"
    yield ("C " + ",".join(f"{d}:{s}-{e}" for d, s, e in shifts) + " " +
           (",".join(map(str, sorted(holidays))) or "-")), "ok"
    for _ in range(6):
        at = us + rng.randrange(-600, 2000) * MINUTE + rng.choice([0, 0, rng.randrange(MINUTE)])
        index = (at - base) // MINUTE
        yield f"O {at}", str(is_open[index])
        later = next((i for i in range(index, len(is_open)) if is_open[i]), None)
        if later is not None:
            yield f"N {at}", str(max(at, walk.times[later]))
        to = at + rng.choice([rng.randrange(90), rng.randrange(6 * 1440)]) * MINUTE + rng.randrange(MINUTE)
        yield f"B {at} {to}", str(business_between(walk, is_open, at, to))
        amount = rng.choice([30 * MINUTE, HOUR, 8 * HOUR, rng.randrange(1, 40 * 60) * MINUTE, rng.randrange(1, HOUR)])
        due = add_business(walk, is_open, at, amount)
        if due is not None:
            yield f"A {at} {amount}", str(due)
            yield f"R 1 {amount} {amount} 0", "ok"
            yield f"T {at} 0 0 {NONE}", f"{due} {is_open[index]} 0"
        limits = rng.choice([(30 * MINUTE, HOUR), (rng.randrange(1, 30 * 60) * MINUTE, rng.randrange(1, 30 * 60) * MINUTE)])
        wall = at + limits[0 if is_open[index] else 1]
        cap = end_of_day(walk, at)
        yield f"R 0 {limits[0]} {limits[1]} 1", "ok"
        yield f"T {at} 0 0 {NONE}", f"{min(wall, cap)} {is_open[index]} {int(cap < wall)}"


def test_calendars_and_due_times_by_the_minute():
    rng = random.Random(SEED + 1)
    names = sorted(ZONES)
    questions, place = [], []
    for name, zone, us in pick_moments(rng, names, int(160 * SCALE)):
        for question in calendar_case(rng, name, zone, us):
            questions.append(question)
            place.append(name)
    answers = ask([q for q, _ in questions])
    calendar = ""
    for (question, expected), answer, name in zip(questions, answers, place):
        calendar = question if question[0] == "C" else calendar
        assert answer == expected, f"{name}, {calendar}: {question}"
    print(f"{len(questions)} questions about calendars")


def test_local_days_by_the_minute():
    rng = random.Random(SEED + 2)
    questions = []
    names = sorted(ZONES)
    fixed = [("Pacific/Apia", 2011, 12, 30), ("America/St_Johns", 2006, 10, 28), ("America/Sao_Paulo", 2018, 11, 4),
             ("Australia/Lord_Howe", 2026, 4, 5), ("Asia/Kathmandu", 1986, 1, 1), ("Pacific/Kwajalein", 1993, 8, 21)]
    moments = [(n, zoneinfo.ZoneInfo(n), (datetime(y, m, d, 12) - EPOCH) // timedelta(microseconds=1))
               for n, y, m, d in fixed]
    for name, zone, us in moments + list(pick_moments(rng, names, int(80 * SCALE))):
        walk = Walk(zone, us - 3 * DAY, 6)
        questions.append((f"Z {ROOT / name} {name}", "ok", name))
        for day in range(us // DAY - 1, us // DAY + 2):
            start = walk.times[walk.first_at(day * DAY)]
            last = max(i for i, value in enumerate(walk.local) if value // DAY <= day)
            questions.append((f"D {day}", f"{start} {walk.times[last] + MINUTE}", name))
    answers = ask([q for q, _, _ in questions])
    for (question, expected, name), answer in zip(questions, answers):
        assert answer == expected, f"{name}: {question}"


def test_damaged_zone_files_never_crash(tmp_path):
    rng = random.Random(SEED + 3)
    originals = [ZONES[n] for n in ("Europe/Berlin", "Pacific/Apia", "Etc/UTC", "America/New_York")]
    lines = []
    for i in range(int(300 * SCALE)):
        data = bytearray(rng.choice(originals))
        for _ in range(rng.randrange(1, 6)):
            data[rng.choice([rng.randrange(len(data)), rng.randrange(20, 44)])] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)):]
        path = tmp_path / str(i)
        path.write_bytes(data)
        lines += [f"Z {path} Test/Zone", f"L {rng.randrange(DAY * 40000)}", f"U {rng.randrange(DAY * 40000)}",
                  f"D {rng.randrange(40000)}"]
    answers = ask(lines)
    assert any(a.startswith("error") for a in answers) and any(a == "ok" for a in answers)
