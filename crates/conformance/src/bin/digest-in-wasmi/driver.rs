//! A loaded driver module.

use std::error::Error;
use std::fs::read;
use std::path::Path;

use tickseed_conformance::Order;
use tickseed_conformance::command::Backend;
use wasmi::{Engine, Extern, Func, Instance, Linker, Module, Store, Val, WasmParams, WasmResults};

/// A driver and the engine it asks.
pub(crate) struct Driver {
    store: Store<()>,
    instance: Instance,
}

impl Driver {
    /// Loads a driver. With `package`, a module of the npm package and an adapter, the driver asks that module.
    pub(crate) fn load(driver: &Path, package: Option<(&Path, &Path)>) -> Result<Self, Box<dyn Error>> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let driver = Module::new(&engine, read(driver)?)?;
        if let Some((module, adapter)) = package {
            if driver.imports().len() == 0 {
                return Err("the driver contains an engine and would not ask the package's".into());
            }
            let module = Module::new(&engine, read(module)?)?;
            reject_imports(&mut linker, &mut store, &module)?;
            add(&mut linker, &mut store, "package", &module)?;
            add(&mut linker, &mut store, "engine", &Module::new(&engine, read(adapter)?)?)?;
        }
        let instance = linker.instantiate_and_start(&mut store, &driver)?;
        Ok(Self { store, instance })
    }

    /// Calls one of the driver's exports.
    ///
    /// # Panics
    ///
    /// If the call fails, since there is no digest then.
    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, parameters: P) -> R {
        let function = self.instance.get_typed_func(&self.store, name).expect("the driver exports it");
        function.call(&mut self.store, parameters).expect("the driver does not trap")
    }

    /// Reads the text that an export has produced, given the length that it returned.
    fn text(&mut self, length: u32) -> String {
        (0..length)
            .map(|index| {
                let character: u32 = self.call("character", index);
                char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect()
    }

    /// Returns the target and the build of the driver.
    fn target_and_build(&mut self) -> (String, String) {
        let length = self.call("build", ());
        let text = self.text(length);
        let (target, build) = text.split_once("; ").expect("a target and a build");
        (target.to_owned(), build.to_owned())
    }
}

/// Instantiates a module, and offers its exports to later modules under `name`.
fn add(
    linker: &mut Linker<()>,
    store: &mut Store<()>,
    name: &str,
    module: &Module,
) -> Result<(), Box<dyn Error>> {
    let instance = linker.instantiate_and_start(&mut *store, module)?;
    let exports: Vec<(String, Extern)> =
        instance.exports(&*store).map(|export| (export.name().to_owned(), export.into_extern())).collect();
    for (export, item) in exports {
        linker.define(name, &export, item)?;
    }
    Ok(())
}

/// Satisfies the imports of the npm package's module with functions that trap. It calls them only to handle JavaScript
/// objects, and there are none here.
fn reject_imports(
    linker: &mut Linker<()>,
    store: &mut Store<()>,
    module: &Module,
) -> Result<(), Box<dyn Error>> {
    for import in module.imports() {
        let kind =
            import.ty().func().ok_or("the package's module imports something other than a function")?;
        let trap = Func::new(&mut *store, kind.clone(), |_, _: &[Val], _: &mut [Val]| {
            Err(wasmi::Error::new("the package's module calls JavaScript"))
        });
        linker.define(import.module(), import.name(), trap)?;
    }
    Ok(())
}

impl Backend for Driver {
    fn target(&mut self) -> String {
        self.target_and_build().0
    }

    fn build(&mut self) -> String {
        self.target_and_build().1
    }

    fn version(&mut self) -> u32 {
        self.call("version", ())
    }

    fn start(&mut self, order: Order) {
        self.call::<_, ()>("start", order as u32);
    }

    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    fn advance(&mut self, states: u64) {
        self.call::<_, ()>("advance", states as f64);
    }

    fn finish(&mut self) -> String {
        let length = self.call("finish", ());
        self.text(length)
    }

    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    fn describe(&mut self, order: Order, index: u64) -> String {
        let length = self.call("describe", (order as u32, index as f64));
        self.text(length)
    }
}
