"""What filters find among RUNS, and what is wrong with others: every evaluator is held to it."""

from __future__ import annotations

from datetime import UTC, datetime

#: What relative times count from.
NOW = datetime(2026, 1, 3, tzinfo=UTC)

Found = list[tuple[str, str]]

#: What MLflow finds with the same words.
MLFLOW: Found = [
    ("", "abcd"),
    ("  ", "abcd"),
    # metrics: last values
    ("metrics.auc > 0.8", "a"),
    ("metric.auc <= .9", "ad"),
    ("metrics.auc != 0.9", "bd"),
    ("metrics.`val/auc` = 0.5", "a"),
    ("metrics.val/auc = 5e-1", "a"),
    ('metrics."val/auc" >= -1', "a"),
    ("`metrics`.auc > 0.8", "a"),
    ("metrics.nowhere > 0", ""),
    # params and tags: by their text
    ("params.max_depth = '8'", "ab"),
    ('params.max_depth = "8"', "ab"),
    ("param.lr = '0.05'", "a"),
    ("parameters.lr = 'True'", "d"),
    ("parameter.lr != '0.05'", "bcd"),
    ("params.lr LIKE '0.%'", "ab"),
    ("tags.hypothesis ILIKE 'adding %'", "a"),
    ("tags.hypothesis LIKE 'adding %'", ""),
    ("tag.`a b` = '1'", "a"),
    ('tags."a b" = "1"', "a"),
    ("tags.hypothesis IS NULL", "b"),
    ("params.lr is not null", "abcd"),
    # attributes, in all of MLflow's spellings
    ("attributes.status = 'FINISHED'", "ad"),
    ("attribute.status != 'finished'", "bc"),
    ("status LIKE 'FIN%'", "ad"),
    ("run_id = 'a'", "a"),
    ("run.run_id IN ('a', 'c')", "ac"),
    ("attr.run_id NOT IN ('a','b',)", "cd"),
    ("run_name = 'lgb'", "b"),
    ("run name = 'lgb'", "b"),
    ("attributes.`Run name` = 'lgb'", "b"),
    ('attributes."run name" = "lgb"', "b"),
    ("user_id LIKE 'Bo_'", "cd"),
    ("artifact_uri = 'runs:/a'", "a"),
    ("start_time > 1767225600000", "bc"),
    ("attributes.start_time >= 1767225600000 and end_time < 1767400000000", "ab"),
    ("created = 1767225600000", "a"),
    # datasets: one of them
    ("dataset.name = 'flights'", "ac"),
    ("datasets.context = 'test'", "ac"),
    ("dataset.context != 'test'", "a"),
    ("datasets.digest IN ('abc', 'x')", "a"),
    ("dataset.name LIKE 'fl%' AND dataset.context = 'train'", "a"),
    ("params.lr = '0.05' and tags.hypothesis like 'Add%' AND metrics.auc > 0.1", "a"),
]

#: What the language adds to MLflow.
MORE: Found = [
    ("metrics.auc > 0.8 or status = failed", "ab"),
    ("not status = 'finished'", "bc"),
    ("not (status = finished or name = lgb)", "c"),
    ("(experiment = e) and not not status = failed", "b"),
    ("status = failed or status = running and experiment = e", "b"),
    ("params.max_depth <= 8", "abd"),
    ("params.max_depth < 8", "d"),
    ("params.lr between 0.04 and 0.2", "ab"),
    ("params.lr not between 0.04 and 0.06", "b"),
    ("params.max_depth in (6, 9)", "d"),
    ("params.lr = true", "d"),
    ("params.lr != 0.05", "bcd"),
    ("tags.hypothesis contains weather", "a"),
    ("tags.hypothesis not contains 'weather'", "cd"),
    ("tags.hypothesis not like 'Add%'", "cd"),
    ("name matches '^[a-z]+-lr0*5$'", "a"),
    ("name ~ '(?i)XGB|LGB'", "ab"),
    ("name !~ '[a-z]{3}'", "c"),
    ("name rlike 'g'", "ab"),
    ("name = 'it''s'", "c"),
    ("name contains '%_'", "d"),
    ("code.commit like '3d5e%'", "a"),
    ("attributes.code.commit is null", "bd"),
    ("data.flights.rows > 50", "a"),
    ("max_depth = 8", "ab"),
    ("hypothesis contains weather", "a"),
    ("experiment in (e, g)", "ab"),
    ("metrics.auc is null", "c"),
    ("metrics.auc is nan", "b"),
    ("metrics.auc is not nan", "ad"),
    ("datasets.name is null", "bd"),
    ("metrics.auc < inf", "ad"),
]

#: Dates and durations; it is 2026-01-03.
TIMES: Found = [
    ("started = '2026-01-01'", "a"),
    ("started > '2026-01-01'", "bc"),
    ("started >= 2026-01-01", "abc"),
    ("started <= '2026-01'", "abd"),
    ("started = 2026-01", "ab"),
    ("started between '2026-01-01' and '2026-01-02'", "ab"),
    ("started < '2026-01-02T12:00:00+00:00'", "ad"),
    ("started = '2026-01-02 12:00'", "b"),
    ("started > now-2d", "bc"),
    ("started >= 'now - 36h'", "bc"),
    ("started < now", "abd"),
    ("started like '2026-01%'", "ab"),
    ("ended is null", "cd"),
    ("duration > 1h", "a"),
    ("duration <= 30", "b"),
    ("duration between 30s and 1h30m", "b"),
    ("params.cutoff > '2024-10-01'", "b"),
    ("params.cutoff <= '2024-09'", "a"),
    ("params.cutoff = 2024-10", "b"),
    ("params.cutoff < now-30d", "ab"),
]

#: Curves, and names that look like them.
CURVES: Found = [
    ("metrics.auc.max > 0.92", "a"),
    ("metrics.auc.max >= 0.7", "ad"),
    ("metrics.auc.last < 0.8", "d"),
    ("metrics.auc.count = 1", "bd"),
    ("metrics.auc.min_step >= 0", ""),
    ("metrics.odd.min = 1", "a"),
    ("metrics.odd.max = 5", "ab"),
    ("auc.max > 0.92", "a"),
]

#: (text, why, where, hint): what cannot be understood.
FAULTS: list[tuple[str, str, int, str | None]] = [
    ("metrics.auc >> 3", "cannot be understood here", 13, "expected a value"),
    ("metrics.auc > 'x'", "'x' is compared with numbers and is none", 14, "write a number"),
    ("metrics.auc > '3'", "'3' is compared", 14, "without quotes"),
    ("auc > 3", "'auc' is a metric and a tag here", 0, "metrics.auc or tags.auc"),
    ("hypotesis = 'x'", "no run has a param, metric", 0, "tags.hypothesis"),
    ("attributes.sttus = 'x'", "no attribute 'sttus'", 0, "did you mean status?"),
    ("params.x = 'abc", "this quote is not closed", 11, "close it with '"),
    ("started > 'yesterday'", "'yesterday' is no time", 10, "now-7d"),
    ("started > 2026-02-30", "'2026-02-30' is no time", 10, "now-7d"),
    ("(a = 1", "ends too early", 6, "expected )"),
    ("a = 1 b = 2", "cannot be understood here", 6, "expected and, or, the end"),
    ("name like", "ends too early", 9, "expected a value"),
    ("name", "ends too early", 4, "expected an operator"),
    ("name in ()", "cannot be understood here", 9, "expected a value"),
    ("tags.h ~ '(a'", "regular expression cannot be used", 9, None),
    ("tags.h ~ '(?=a)'", "invalid perl operator: (?=", 9, None),
    ("dataset.foo = 1", "a dataset has no 'foo'", 0, "known: context"),
    ("metrics.auc like 'x'", "like is for text", 12, "use = or >"),
    ("params.lr > true", "neither more nor less", 12, "use = or !="),
    ("= 3", "cannot be understood here", 0, "expected a key"),
    ("a = 1 and", "ends too early", 9, "a key such as"),
    ("a = 1)", "cannot be understood here", 5, "expected and, or, the end"),
    ("a = 1 ;", "cannot be understood here", 6, "expected and, or, the end"),
    ("a in (1 ;", "cannot be understood here", 8, "expected ), a comma"),
    ("a not ;", "cannot be understood here", 6, "expected like, contains or matches, in, between"),
    ("a is ;", "cannot be understood here", 5, "expected null, nan, not"),
]
