//! A small disk that a test can fill: a tmpfs of a few megabytes, mounted for as long as this value
//! lives, also when the test panics. What a killed run left mounted, the next one takes away. Needs root.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::process::run;

/// The mount's device column, with the process id of the run that made it behind.
const NAME: &str = "assent-town-disk-";
/// Written at a time; the last ones, where space runs out, are smaller.
const CHUNK: usize = 64 << 10;

pub struct SmallDisk {
    at: PathBuf,
    /// Removed after the mount is gone, because fields are dropped after `drop`.
    _under: tempfile::TempDir,
}

impl SmallDisk {
    /// # Errors
    /// When this is not root.
    pub fn of(mebibytes: u32) -> Result<Self> {
        sweep();
        let under = tempfile::Builder::new().prefix("disk-").tempdir()?;
        let at = under.path().to_owned();
        let size = format!("size={mebibytes}m");
        let name = format!("{NAME}{}", std::process::id());
        run(&[
            "mount",
            "-t",
            "tmpfs",
            "-o",
            &size,
            &name,
            &at.to_string_lossy(),
        ])
        .context("mounting a small disk (this needs root)")?;
        Ok(Self { at, _under: under })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// When writing fails for another reason than a full disk.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())?;
        let mut chunk = vec![0; CHUNK];
        while !chunk.is_empty() {
            match ballast.write(&chunk) {
                Ok(0) => chunk.clear(),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => {
                    chunk.truncate(chunk.len() / 2);
                }
                Err(error) => bail!("filling the disk: {error}"),
            }
        }
        Ok(())
    }

    /// Frees what filled it.
    ///
    /// # Errors
    /// When it was not full.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.ballast()).context("nothing fills this disk")
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: whatever still holds a file there, a dying hub, must not keep the mount.
        let _gone = run(&["umount", "--lazy", &self.at.to_string_lossy()]);
    }
}

fn sweep() {
    for mount in fs::read_to_string("/proc/mounts")
        .unwrap_or_default()
        .lines()
    {
        let mut columns = mount.split(' ');
        let owner = columns.next().and_then(|name| name.strip_prefix(NAME));
        let Some((owner, at)) = owner.zip(columns.next()) else {
            continue;
        };
        if !Path::new("/proc").join(owner).exists() {
            let _gone = run(&["umount", "--lazy", at]);
            let _gone = fs::remove_dir(at);
        }
    }
}
