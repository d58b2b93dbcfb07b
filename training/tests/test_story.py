"""What the card tells about the training is counted from its log."""

import json

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
    (tmp_path / "deeplab").mkdir()
    (tmp_path / "deeplab" / "log.csv").write_text(ROWS)
    # 32 views a step: 50 + 100 + 50 seconds, 50 for the row after going back, 10 for the last one.
    assert story.hours(story.log(tmp_path), 32) == pytest.approx(260 / 3600)


def test_a_run_without_a_log_took_no_hours(tmp_path):
    assert story.log(tmp_path) == [] and story.hours([], 32) == 0


def test_facts_are_added_to_those_that_are_there(tmp_path):
    story.add(tmp_path, "heads", v3={"steps": 2, "batch": 16})
    story.add(tmp_path, "heads", v1={"steps": 2, "batch": 16})
    told = json.loads((tmp_path / "story.json").read_text())
    assert told["heads"]["v3"] == {"steps": 2, "batch": 16}
    assert "2 steps of 16 views (v1, v3)" in " ".join(story.heads(told).split())


def test_scarce_classes_are_named_the_rarest_first():
    counts = [999, 400, 24, *[350] * 17, 7]
    assert story.scarce({"deeplab": {"by_class": counts}}) == "Few photos show tvmonitor (7), bicycle (24)"


def test_a_run_that_went_on_is_told_with_its_steps_and_its_share(tmp_path):
    told = story.went_on(tmp_path, {"deeplab2": {"steps": 2500, "batch": 12, "processes": 2},
                                    "final": {"mean_of": ["deeplab2"] * 4 + ["begin"]}})
    assert "2,500 steps (60,000 views" in told and "(80%)" in told and "the beginning (20%)" in told
