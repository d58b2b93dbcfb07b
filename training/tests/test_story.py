"""What the card tells about the training is counted from its log."""

import pytest

from training import story

ROWS = """step,loss,level,photos_per_second,miou,person
50,2,1,32,,
100,1.5,1,16,0.2,0.4
150,1,0.5,32,,
110,1.2,1,32,,
120,1.1,1,32,0.25,0.5
"""


def test_hours_count_what_was_run_twice(tmp_path):
    (tmp_path / "v3plus").mkdir()
    (tmp_path / "v3plus" / "log.csv").write_text(ROWS)
    # 32 views a step: 50 + 100 + 50 seconds, 50 for the row after going back, 10 for the last one.
    assert story.hours(story.log(tmp_path), 32) == pytest.approx(260 / 3600)
    assert story.course(tmp_path) == [["100", "1.00", "1.500", "0.200", "0.400"], ["120", "1.00", "1.100", "0.250", "0.500"]]


def test_a_run_without_a_log_took_no_hours(tmp_path):
    assert story.log(tmp_path) == [] and story.course(tmp_path) == [] and story.hours([], 32) == 0


def test_facts_are_added_to_those_that_are_there(tmp_path):
    story.add(tmp_path, steps=5, **{"frozen-v3": {"steps": 2}})
    story.add(tmp_path, batch=16, **{"frozen-v1": {"steps": 2}})
    told = (tmp_path / "story.json").read_text()
    assert '"steps": 5' in told and '"batch": 16' in told
    assert "2 steps (v1, v3), each of 16 views" in " ".join(story.heads({
        "frozen-v3": {"steps": 2}, "frozen-v1": {"steps": 2}, "batch": 16}).split())


def test_scarce_classes_are_named_the_rarest_first():
    counts = [999, 200, 24, *[150] * 17, 7]
    assert story.scarce({"by_class": counts}) == "few of them show tvmonitor (7), bicycle (24)"
