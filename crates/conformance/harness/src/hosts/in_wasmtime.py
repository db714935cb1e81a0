"""Prints digests that a WebAssembly module makes, compiled and run by wasmtime.

    in_wasmtime.py DRIVER ...                            the driver has an engine inside
    in_wasmtime.py DRIVER --package MODULE ADAPTER ...   the engine is the npm package's module

What follows is as the native program `digest` takes it: `scattered|walk N...` or `scattered|walk --state N`.
"""

import json
import sys
import time
from pathlib import Path

from wasmtime import Engine, Func, Instance, Linker, Module, Store

ORDERS = ["scattered", "walk"]
STATES_AT_ONCE = 100_000


def main(driver, *rest):
    if rest[:1] == ("--package",):
        package, rest = rest[1:3], rest[3:]
        report(Driver(driver, package), *rest)
    else:
        report(Driver(driver), *rest)


class Driver:
    """A driver, and the engine behind it."""

    def __init__(self, driver, package=None):
        self.engine = Engine()
        self.store = Store(self.engine)
        self.linker = Linker(self.engine)
        driver = Module.from_file(self.engine, driver)
        if package is not None:
            if not driver.imports:
                raise SystemExit("the driver has an engine inside and would not ask the package's")
            module, adapter = package
            self.add("package", self.without_imports(Module.from_file(self.engine, module)))
            adapter = Module(self.engine, Path(adapter).read_text(encoding="utf-8"))
            self.add("engine", self.linker.instantiate(self.store, adapter))
        self.exports = self.linker.instantiate(self.store, driver).exports(self.store)

    def add(self, name, instance):
        """Makes an instance's exports known to the modules after it: they call each other directly."""
        self.linker.define_instance(self.store, name, instance)

    def without_imports(self, module):
        """The package's module needs JavaScript only where JavaScript's objects are; here nothing is."""

        def refuse(*_):
            raise RuntimeError("the package's module calls JavaScript")

        imports = [Func(self.store, kind.type, refuse) for kind in module.imports]
        return Instance(self.store, module, imports)

    def call(self, name, *parameters):
        return self.exports[name](self.store, *parameters)

    def text(self, name, *parameters):
        """The text that an export makes, of which it tells the length."""
        length = self.call(name, *parameters)
        return "".join(chr(self.call("character", place)) for place in range(length))


def report(driver, order, *rest):
    number = ORDERS.index(order)
    if rest[0] == "--state":
        print(driver.text("describe", number, float(rest[1])))
        return
    target, build = driver.text("build").split("; ")
    version = driver.call("version")
    told = started = time.monotonic()
    driver.call("start", number)
    passed = 0
    for states in sorted(int(states) for states in rest):
        while passed < states:
            at_once = min(STATES_AT_ONCE, states - passed)
            driver.call("advance", float(at_once))
            passed += at_once
            if time.monotonic() - told >= 1:
                told = time.monotonic()
                print(passed, file=sys.stderr, flush=True)
        line = {
            "engine_version": version,
            "target": target,
            "build": build,
            "order": order,
            "states": states,
            "digest": driver.text("finish"),
            "seconds": round(time.monotonic() - started, 3),
        }
        print(json.dumps(line), flush=True)


main(*sys.argv[1:])
