"""What the machine says of itself: its facts, its load, its energy."""

import json
import os
import subprocess
import sys
import time
from collections import namedtuple

import psutil

from segkit.benchmark import Report, machine
from segkit.benchmark.report import lines


def test_facts_are_plain_values():
    facts = machine.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["cpu"] and facts["system"] and facts["runtimes"]
    assert 1 <= facts["cores"]["free"] <= facts["cores"]["allowed"] <= facts["cores"]["all"]


def test_a_process_that_is_pinned_says_so(monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: {0}, raising=False)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 4)
    facts = machine.facts()
    assert facts["cores"]["pinned"] is True
    assert "pinned to 1 of 4" in lines(Report(facts, []))[0]
    facts["cores"]["pinned"] = False
    assert "pinned" not in lines(Report(facts, []))[0]


def test_a_machine_on_its_battery_says_so(monkeypatch):
    for plugged, said in ((False, True), (True, False), (None, False)):
        power = namedtuple("Power", "percent secsleft power_plugged")(61.7, 3600, plugged)
        monkeypatch.setattr(psutil, "sensors_battery", lambda power=power: power, raising=False)
        facts = machine.facts()
        assert facts["battery"] == {"percent": 62, "plugged": plugged}
        assert ("on battery, 62 %" in lines(Report(facts, []))[0]) == said
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert machine.facts()["battery"] is None


def test_the_load_of_others_is_not_one_s_own():
    """Two processes calculate; beside each of them stands the work of the other one."""
    spin = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        meters = [machine.Meters(process.pid) for process in spin]
        before = [machine.own_seconds(process.pid) for process in spin]
        while min(machine.own_seconds(p.pid) - had for p, had in zip(spin, before)) < 0.5:
            time.sleep(0.1)
        for process, meter in zip(spin, meters):
            wall, others, *_ = meter.since(process.pid)
            assert 0.4 < others < (wall + 0.1) * len(psutil.cpu_times(percpu=True))
    finally:
        for process in spin:
            process.kill()
            process.wait()
    assert machine.own_seconds(spin[0].pid) == 0


def test_the_clock_and_a_container_s_limit_are_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_GROUP", tmp_path / "cpu.stat")
    assert machine.throttled() is None
    clock = iter([2000, 1500, 1400, 1300])
    monkeypatch.setattr(machine, "megahertz", lambda: next(clock))
    assert machine.Meters(os.getpid()).since(os.getpid())[3:] == ([2000, 1500], None)
    (tmp_path / "cpu.stat").write_text("nr_periods 9\nnr_throttled 3\n")
    meters = machine.Meters(os.getpid())
    (tmp_path / "cpu.stat").write_text("nr_periods 9\nnr_throttled 5\n")
    assert meters.since(os.getpid())[3:] == ([1400, 1300], 2)


def meter(folder, name, used, most=1000):
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "energy_uj").write_text(f"{used}\n")
    (folder / name / "max_energy_range_uj").write_text(f"{most}\n")


def test_energy_of_packages_is_added_and_survives_an_overflow(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_ENERGY", tmp_path)
    assert machine.energy_between(machine.energy_counters(), machine.energy_counters()) is None
    meter(tmp_path, "intel-rapl:0", 900)
    meter(tmp_path, "intel-rapl:1", 100)
    meter(tmp_path, "intel-rapl:0:0", 5)  # a part of the first, which counts it already
    before = machine.energy_counters()
    assert sorted(file.name for file in before) == ["intel-rapl:0", "intel-rapl:1"]
    meter(tmp_path, "intel-rapl:0", 50)  # it began again at 0
    meter(tmp_path, "intel-rapl:1", 150)
    assert machine.energy_between(before, machine.energy_counters()) == 200e-6
    meter(tmp_path, "intel-rapl:2", 1)
    assert machine.energy_between(before, machine.energy_counters()) is None


def test_a_row_tells_its_energy_where_there_is_a_meter(one, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_ENERGY", tmp_path)
    assert one().energy_joules is None
    meter(tmp_path, "intel-rapl:0", 0)
    assert one().energy_joules == 0  # a meter that stands still
    monkeypatch.setattr(machine, "energy_between", lambda before, after: 6.0)
    assert one().energy_joules == 2.0  # two timed runs and one that is not counted, in each round
