"""Prints digests computed by a WebAssembly module, which wasmtime runs.

    in_wasmtime.py DRIVER ...                            the driver contains an engine
    in_wasmtime.py DRIVER --package MODULE ADAPTER ...   the engine is the npm package's module

The other arguments are those of the native program `digest`: `ORDER N...` or `ORDER --state N`.
"""

import json
import sys
import time
from pathlib import Path

from wasmtime import Engine, Func, Instance, Linker, Module, Store

ORDERS = ["scattered", "walk", "schedules"]
STATES_AT_ONCE = 10_000


def main(driver, *rest):
    if rest[:1] == ("--package",):
        package, rest = rest[1:3], rest[3:]
        report(Driver(driver, package), *rest)
    else:
        report(Driver(driver), *rest)


class Driver:
    """A driver and the engine it asks."""

    def __init__(self, driver, package=None):
        self.engine = Engine()
        self.store = Store(self.engine)
        self.linker = Linker(self.engine)
        driver = Module.from_file(self.engine, driver)
        if package is not None:
            if not driver.imports:
                raise SystemExit("the driver contains an engine and would not ask the package's")
            module, adapter = package
            self.add("package", self.without_imports(Module.from_file(self.engine, module)))
            adapter = Module(self.engine, Path(adapter).read_text(encoding="utf-8"))
            self.add("engine", self.linker.instantiate(self.store, adapter))
        self.exports = self.linker.instantiate(self.store, driver).exports(self.store)

    def add(self, name, instance):
        """Offers an instance's exports to later modules, which call them directly."""
        self.linker.define_instance(self.store, name, instance)

    def without_imports(self, module):
        """Replaces the package's imports, which it calls only to handle JavaScript objects, with functions that fail."""

        def fail(*_):
            raise RuntimeError("the package's module calls JavaScript")

        imports = [Func(self.store, kind.type, fail) for kind in module.imports]
        return Instance(self.store, module, imports)

    def call(self, name, *parameters):
        return self.exports[name](self.store, *parameters)

    def text(self, name, *parameters):
        """Returns the text that an export produces, given the length that it returns."""
        length = self.call(name, *parameters)
        return "".join(chr(self.call("character", index)) for index in range(length))


def report(driver, order, *rest):
    number = ORDERS.index(order)
    if rest[0] == "--state":
        print(driver.text("describe", number, float(rest[1])))
        return
    target, build = driver.text("build").split("; ")
    version = driver.call("version")
    last_report = started = time.monotonic()
    driver.call("start", number)
    done = 0
    for states in sorted(int(states) for states in rest):
        while done < states:
            at_once = min(STATES_AT_ONCE, states - done)
            driver.call("advance", float(at_once))
            done += at_once
            if time.monotonic() - last_report >= 1:
                last_report = time.monotonic()
                print(done, file=sys.stderr, flush=True)
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
