//! `tickseed migrate`: makes the tables that a store needs.

use std::error::Error;

use crate::settings::MigrateSettings;
use crate::terminal;

/// Makes the tables of a store that are missing, and says which.
///
/// # Errors
///
/// If the store cannot be reached, does not let this user make tables, or has those of a later version.
pub async fn migrate(settings: &MigrateSettings) -> Result<(), Box<dyn Error>> {
    let address = settings.address()?;
    let made = address.migrate(settings.reach.wait()).await?;
    for line in &made {
        terminal::print_line(line)?;
    }
    if made.is_empty() {
        terminal::print_line(&format!("{address} has everything that it needs"))?;
    }
    Ok(())
}
