//! A time that can be read back from a picture: two rows of 32 black or white cells in the lower left
//! corner, holding 48 bits of Unix milliseconds and a 16-bit check. It survives lossy encoding and
//! scaling, because a cell is an eightieth of the picture's width and is judged by its middle.
//! The same reader for a browser's canvas is `tests/browser/stamp.mjs`.

const COLUMNS: usize = 32;
const ROWS: usize = 2;
const MILLIS_BITS: u32 = 48;
const CHECK_SEED: u16 = 0xA55A;
const WHITE: u8 = 235;
const BLACK: u8 = 16;

/// Cells are this fraction of the picture's width.
const CELLS_PER_WIDTH: usize = 80;

/// Where cells lie in a picture of this size.
#[derive(Clone, Copy)]
struct Grid {
    cell: usize,
    top: usize,
}

impl Grid {
    fn of(width: usize, height: usize) -> Option<Self> {
        let cell = width / CELLS_PER_WIDTH;
        let top = height.checked_sub(cell * ROWS)?;
        (cell >= 4).then_some(Self { cell, top })
    }
}

/// Draws `unix_ms` into a luma plane.
pub fn write(luma: &mut [u8], stride: usize, width: usize, height: usize, unix_ms: u64) {
    let Some(grid) = Grid::of(width, height) else {
        return;
    };
    let word = pack(unix_ms);
    for row in 0..ROWS {
        for y in grid.top + row * grid.cell..grid.top + (row + 1) * grid.cell {
            for column in 0..COLUMNS {
                let set = word >> (63 - (row * COLUMNS + column)) & 1 == 1;
                let from = y * stride + column * grid.cell;
                if let Some(cells) = luma.get_mut(from..from + grid.cell) {
                    cells.fill(if set { WHITE } else { BLACK });
                }
            }
        }
    }
}

/// Reads the Unix milliseconds back, or nothing when the check does not agree.
#[must_use]
pub fn read(luma: &[u8], stride: usize, width: usize, height: usize) -> Option<u64> {
    let grid = Grid::of(width, height)?;
    let mut word = 0u64;
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let y = grid.top + row * grid.cell + grid.cell / 2;
            let x = column * grid.cell + grid.cell / 2;
            let middle = *luma.get(y * stride + x)?;
            word = word << 1 | u64::from(middle > 128);
        }
    }
    unpack(word)
}

fn pack(unix_ms: u64) -> u64 {
    let millis = unix_ms & ((1 << MILLIS_BITS) - 1);
    millis << 16 | u64::from(check(millis))
}

fn unpack(word: u64) -> Option<u64> {
    let millis = word >> 16;
    (word & 0xFFFF == u64::from(check(millis))).then_some(millis)
}

/// Position matters (rotations), so that swapped rows or a shifted picture do not pass.
fn check(millis: u64) -> u16 {
    let low = millis as u16;
    let middle = (millis >> 16) as u16;
    let high = (millis >> 32) as u16;
    CHECK_SEED ^ low ^ middle.rotate_left(5) ^ high.rotate_left(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_and_a_damaged_one_does_not() {
        let (width, height, stride) = (640, 360, 704);
        let mut luma = vec![90u8; stride * height];
        let now = 1_795_000_123_456;
        write(&mut luma, stride, width, height, now);
        assert_eq!(read(&luma, stride, width, height), Some(now));

        luma[(height - 12) * stride + 4] ^= 0xFF;
        assert_eq!(read(&luma, stride, width, height), None);
    }

    #[test]
    fn a_picture_without_a_stamp_reads_as_nothing() {
        assert_eq!(read(&vec![0u8; 640 * 360], 640, 640, 360), None);
        assert_eq!(read(&[1, 2, 3], 640, 640, 360), None);
    }
}
