from backup_reporter.report.templating import whole_dates


def test_dates_and_times_are_kept_whole() -> None:
    assert whole_dates("a not since Sat 2026-11-21, until 2026-11-27 02:00 CET", "class=whole") == (
        "a not since <span class=whole>Sat 2026-11-21</span>, until <span class=whole>2026-11-27 02:00</span> CET"
    )


def test_what_stands_beside_a_date_stays_text() -> None:
    assert whole_dates("<b>2026-11-21</b> & more", "class=whole") == (
        "&lt;b&gt;<span class=whole>2026-11-21</span>&lt;/b&gt; &amp; more"
    )
