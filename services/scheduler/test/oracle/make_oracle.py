"""Writes oracle.jsonl: when rules fire, by a calendar that shares nothing with ours.

    python3 make_oracle.py > oracle.jsonl

Python's zoneinfo on the tz database of the system (the file was made with 2025b), and the rules of domain.md done the
slow way: fixed times day by day with PEP 495 fold=0 (the first of two; a missing one moves on by the gap), cron with `*`
in its hour field minute by minute through elapsed time. 20 zones, 5 years each: 2021 to 2025, over which tz 2025b and
the 2026b of the runtime's ICU agree; for zones whose odd day lies further back, the years around it.

Line 1: {"made_with", "rules"}. Then a line a zone: {"zone", "from", "to", "slots": [[count, sha256, near], ...]} in the
order of the rules. Slots are whole minutes since 1970; from (exclusive) and to (inclusive) too; sha256, its first 32 hex
digits, is of all of them joined with commas; near are the first 6 within 2 hours before and 3 after each clock change.
"""
import hashlib
import json
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = [
    ("UTC", 2021), ("Asia/Kolkata", 2021), ("Europe/Berlin", 2021), ("Europe/Dublin", 2021), ("America/New_York", 2021),
    ("America/St_Johns", 2021), ("America/Havana", 2021), ("Pacific/Chatham", 2021), ("Pacific/Easter", 2021),
    ("Australia/Lord_Howe", 2021), ("Africa/Casablanca", 2021), ("Africa/Cairo", 2021), ("America/Nuuk", 2021),
    ("America/Scoresbysund", 2021), ("Asia/Tehran", 2020), ("Asia/Gaza", 2021), ("Antarctica/Troll", 2021),
    ("Antarctica/Casey", 2021), ("Pacific/Apia", 2009), ("America/Sao_Paulo", 2015),
]

RULES = [
    {"frequency": "daily", "at": at} for at in ("00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "09:00", "22:30", "23:59")
] + [
    {"frequency": "weekly", "at": at, "weekday": day}
    for at, day in (("09:00", "monday"), ("02:30", "sunday"), ("00:15", "friday"), ("09:00", "friday"), ("23:45", "saturday"))
] + [
    {"frequency": "monthly", "at": at, "day_of_month": day}
    for at, day in (("09:00", 1), ("09:00", 29), ("00:30", 30), ("02:30", 31), ("23:30", 31), ("02:30", 26))
] + [
    {"frequency": "cron", "cron": cron}
    for cron in (
        "0 9 * * 1-5", "30 2 * * *", "10,35 2 * * *", "*/15 2 * * *", "0,30 0-3 * * *", "30 2,3 * * *", "45 23 * * *",
        "0 0-23 * * *", "15 1-23/2 * * *",
        "0 * * * *", "15 * * * *", "30 * * * *", "*/17 * * 3,10 *", "*/30 * * 3,4,9-11 *", "30 */2 * * *", "10 */1 * * sun",
        "* * 26-31 3,10 *", "5 *,3 * * *",
        "0 9 13 * fri", "0 9 13 * 5,6", "30 2 */2 * mon", "0 9 13 * */2", "0 12 1-7 * 1", "0 * 31 * 0",
        "0 0 29 2 *", "0 9 31 * *", "30 23 28-31 * *", "0 6 * JAN-MAR,Oct MON,wed-Fri", "0 8 * * 0", "0 8 * * 7",
        "0 8 * * 5-7", "59 23 31 12 *", "0 0 1 1 *", "30 1 1 */3 *", "5/20 4 10/7 * *", "00 02 * 03,10 Sun",
    )
]

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTH_NAMES = {n: i + 1 for i, n in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}
DAY_NAMES = {n: i for i, n in enumerate("sun mon tue wed thu fri sat".split())}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def field(text, low, high, names={}):
    def number(word):
        return names[word.lower()] if word.lower() in names else int(word)

    values = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = (number(end) for end in span.split("-"))
        else:
            first = number(span)
            last = high if step else first
        values.update(range(first, last + 1, int(step or 1)))
    return values


class Cron:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.minutes = field(minute, 0, 59)
        self.hours = field(hour, 0, 23)
        self.days = field(day, 1, 31)
        self.months = field(month, 1, 12, MONTH_NAMES)
        self.weekdays = {value % 7 for value in field(weekday, 0, 7, DAY_NAMES)}
        self.elapsed = hour.startswith("*")
        self.either = not day.startswith("*") and not weekday.startswith("*")

    def on(self, day):
        in_days, in_weekdays = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (in_days or in_weekdays if self.either else in_days and in_weekdays)


def last_of_month(day):
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def on_day(rule, day):
    """Whether a rule that is not cron names the day."""
    if rule["frequency"] == "daily":
        return True
    if rule["frequency"] == "weekly":
        return WEEKDAYS[day.weekday()] == rule["weekday"]
    return day.day == min(rule["day_of_month"], last_of_month(day).day)


def minutes(instant):
    seconds = (instant - EPOCH).total_seconds()
    assert seconds % 60 == 0
    return int(seconds // 60)


def fixed(zone, days, on, times):
    slots = set()
    for day in days:
        if on(day):
            for hour, minute in times:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=0)
                slots.add(minutes(local.astimezone(timezone.utc)))
    return slots


def main():
    print(json.dumps({"made_with": "zoneinfo, tz 2025b", "rules": RULES}, separators=(",", ":")))
    for name, year in ZONES:
        zone = ZoneInfo(name)
        start, end = datetime(year, 1, 1, tzinfo=timezone.utc), datetime(year + 5, 1, 1, tzinfo=timezone.utc)
        first, last = minutes(start), minutes(end)
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(-4, 5 * 366 + 4)]
        clock, changes, before = [], [], None
        for minute in range(first, last + 1):
            local = (EPOCH + minute * MINUTE).astimezone(zone)
            if before is not None and local.utcoffset() != before:
                changes.append(minute)
            before = local.utcoffset()
            clock.append((minute, local.minute, local.hour, local.toordinal()))
        rows = []
        for rule in RULES:
            cron = Cron(rule["cron"]) if rule["frequency"] == "cron" else None
            if cron is not None and cron.elapsed:
                named = {day.toordinal() for day in days if cron.on(day)}
                slots = [m for m, minute, hour, day in clock
                         if minute in cron.minutes and hour in cron.hours and day in named]
            elif cron is not None:
                slots = fixed(zone, days, cron.on, [(h, m) for h in cron.hours for m in cron.minutes])
            else:
                hour, minute = rule["at"].split(":")
                slots = fixed(zone, days, lambda day: on_day(rule, day), [(int(hour), int(minute))])
            slots = sorted(slot for slot in slots if first < slot <= last)
            near = [s for change in changes for s in [s for s in slots if change - 120 <= s <= change + 180][:6]]
            digest = hashlib.sha256(",".join(map(str, slots)).encode()).hexdigest()[:32]
            rows.append([len(slots), digest, near])
        print(json.dumps({"zone": name, "from": first, "to": last, "slots": rows}, separators=(",", ":")), flush=True)
        print(name, len(changes), "changes", file=sys.stderr)


main()
