"""Logs of the five systems of flags/."""
HOUR = 3600
START = 1795165200  # 2026-11-20T09:00:00Z

CANARIES = {"canary_auto_submit": "evidence.validations", "canary.new-payment-processor": "rupaya.requests",
            "v2.1.0": "together.requests", "video_caching_system": "nostrvine.playback"}
EXPERIMENTS = {"checkout-button-test": "ai.events", "cache-ttl-optimization": "nostrvine.playback",
               "prefetch-strategy": "nostrvine.playback", "experiment.new-onboarding-flow": "rupaya.requests",
               "experiment.checkout-redesign": "rupaya.requests"}


def system_logs(rng, scale=1.0):
    """By log: its lines, the field of the time, and that of the unit."""

    def lines(count, make):
        count = int(count * scale)
        return [make(i, START + 2 * HOUR * i // count, f"u{rng.randrange(count // 4)}") for i in range(count)]

    def failed(share):
        return rng.random() < share

    return {
        "evidence.validations": (lines(4000, lambda i, t, u: {
            "finished_at": t, "user_id": u, "outcome": "failed" if failed(0.02) else "accepted",
            "duration_ms": rng.randint(500, 1500)}), "finished_at", "user_id"),
        "nostrvine.playback": (lines(6000, lambda i, t, u: {
            "ts": t, "anonymous_id": u, "region": "us-east-1", "groups": ["beta-testers"], "ok": not failed(0.01),
            "load_ms": rng.randint(100, 400), "response_ms": rng.randint(50, 200), "cache": {"hit": failed(0.92)}}),
            "ts", "anonymous_id"),
        "rupaya.requests": (lines(6000, lambda i, t, u: {
            "time": t, "user_id": u, "country": "BR", "plan": "free", "latency_ms": rng.randint(50, 250),
            "status": 503 if failed(0.01) else 200, "endpoint": "/checkout/complete" if failed(0.2) else "/",
            "memory_used": 0.5, "cpu_used": round(rng.random() / 2, 3), "pool_free": rng.randint(3, 9)}),
            "time", "user_id"),
        "together.requests": (lines(4000, lambda i, t, u: {
            "time": t, "user_id": u, "groups": [], "status": 500 if failed(0.04) else 200,
            "latency_ms": rng.randint(50, 250)}), "time", "user_id"),
        "ai.events": (lines(4000, lambda i, t, u: {
            "time": t, "user_id": u, "plan": "free", "country": "US", "event": "purchase" if failed(0.1) else "view"}),
            "time", "user_id"),
    }
