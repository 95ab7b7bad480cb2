"""What a test prints: TAP, with why under what does not hold."""
_count = _failed = 0


def ok(holds, name, *details):
    global _count, _failed
    _count += 1
    _failed += not holds
    print(f"{'ok' if holds else 'not ok'} {_count} - {name}", flush=True)
    for detail in details if not holds else ():
        for line in str(detail)[:6000].splitlines()[:60]:
            print(f"# {line}", flush=True)
    return holds


def none(name, problems):
    """Holds where there are no problems; ten of them are shown."""
    return ok(not problems, name, *problems[:10])


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def finish():
    """Ends the output; the exit status."""
    print(f"1..{_count}")
    return 1 if _failed else 0
