//! Columns of tables: which of them have room, and where.

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Col {
    /// The object's name.
    Name,
    /// Group.
    Group,
    /// Role letter.
    Role,
    /// How far gantry gets.
    Reach,
    /// Primary instances.
    Pri,
    /// Secondary instances.
    Sec,
    /// Share of the memory in use, as a bar.
    MemBar,
    /// `mfree`.
    MemFree,
    /// `mtotal`.
    MemTotal,
    /// `mnode`.
    MemNode,
    /// Share of the disk space in use, as a bar.
    DiskBar,
    /// `dfree`.
    DiskFree,
    /// `dtotal`.
    DiskTotal,
    /// Processor now, percent.
    Cpu,
    /// Processor over the last minutes.
    CpuPast,
    /// Load over one minute.
    Load,
    /// Virtual processors for each real one.
    VcpuRatio,
    /// Time since it was started.
    Uptime,
    /// Age of what is shown.
    Age,
    /// Status word.
    Status,
    /// Primary node.
    Primary,
    /// Secondary nodes.
    Secondary,
    /// Disk template.
    Template,
    /// Virtual processors.
    Vcpus,
    /// Memory of an instance.
    Memory,
    /// Size of all disks.
    DiskSize,
    /// Bytes read a second.
    Read,
    /// Bytes written a second.
    Write,
    /// Bytes a second over the network, both ways.
    Net,
    /// Operating system.
    Os,
    /// Allocation policy.
    Policy,
    /// Nodes.
    Nodes,
    /// Instances.
    Instances,
    /// Job id.
    Id,
    /// What a job does.
    Summary,
    /// Opcodes done of all.
    Ops,
    /// How long it took or takes.
    Took,
    /// When it came.
    Received,
    /// What it waits for, why it failed, or its newest line.
    Note,
    /// Who asked for it.
    Reason,
    /// How much a finding matters.
    Severity,
    /// What a finding is about.
    Subject,
    /// A finding in words.
    Text,
    /// Minors of both halves.
    Minor,
    /// The connection, as both ends have it.
    Connection,
    /// Disk states, as both ends have them.
    Disks,
    /// How far it is, or what is wrong.
    State,
    /// Speed of a resync.
    Speed,
    /// Time left of a resync.
    Left,
    /// What differs between the halves.
    OutOfSync,
    /// Since when it is so.
    Since,
    /// Speed over the last minutes.
    SpeedPast,
    /// How well its disks would survive the loss of a node.
    Redundancy,
    /// What kind of place it is.
    PlaceKind,
    /// A place's or a volume's own name.
    Label,
    /// Used by DRBD's metadata.
    Metadata,
    /// Used by volumes of no instance.
    Others,
    /// Promised by the configuration.
    Promised,
    /// Physical volumes that are missing.
    MissingPvs,
    /// Volumes that are there and in no configuration.
    Orphans,
    /// Volumes that are in the configuration and not there.
    Missing,
    /// When it will be full.
    FullIn,
    /// Volume group.
    VolumeGroup,
    /// Whose it is.
    Owner,
    /// Size.
    Size,
    /// Size by the configuration.
    Wanted,
    /// Attributes as LVM prints them.
    Attributes,
    /// Physical volumes that it lies on.
    LiesOn,
    /// Instances that could not start.
    AtRisk,
    /// What `verify` says.
    Verify,
    /// What `fail_n1` says.
    FailN1,
    /// What the global N+1 says.
    Global,
    /// Where instances would start again.
    RestartsOn,
    /// Memory that is missing.
    Lacks,
    /// Place in a plan.
    Step,
    /// Nodes before a move.
    From,
    /// Nodes after it.
    To,
    /// By how much the score falls.
    Gain,
    /// The score after it.
    Score,
    /// Disk to be copied.
    Copy,
    /// How long that takes.
    Time,
    /// Job set.
    Set,
    /// What is done.
    How,
    /// Nodes that are locked.
    Locks,
    /// Nodes that are rebooted together.
    Reboot,
    /// What is done before.
    First,
    /// How many more fit.
    Fits,
    /// Ganeti's code for what is wrong.
    Code,
    /// It is new, or was acknowledged.
    News,
    /// How many lines have the same cause.
    More,
}

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// One column of a table.
#[derive(Debug)]
pub struct Column {
    /// What it shows.
    pub col: Col,
    /// Its header.
    pub title: &'static str,
    /// Width, or the least for one that grows.
    pub width: u16,
    /// The width up to which it may grow if its content asks for it.
    pub most: u16,
    /// An empty cell before it: for a name that follows a number.
    pub apart: bool,
    /// The lower, the longer it stays when room gets scarce.
    pub rank: u8,
    /// Side.
    pub align: Align,
    /// Its values move all the time: sorting by it is done anew every few seconds.
    pub live: bool,
    /// Sorting by it begins with the largest.
    pub largest_first: bool,
}

impl Column {
    /// A column of names.
    pub const fn text(col: Col, title: &'static str, width: u16, rank: u8) -> Column {
        Column {
            col,
            title,
            width,
            most: width,
            apart: false,
            rank,
            align: Align::Left,
            live: false,
            largest_first: false,
        }
    }

    /// A column of numbers.
    pub const fn number(col: Col, title: &'static str, width: u16, rank: u8) -> Column {
        Column {
            align: Align::Right,
            largest_first: true,
            ..Column::text(col, title, width, rank)
        }
    }

    /// It stands apart from the number before it.
    pub const fn apart(self) -> Column {
        Column {
            apart: true,
            ..self
        }
    }

    /// It may grow up to this width.
    pub const fn growing(self, most: u16) -> Column {
        Column { most, ..self }
    }

    /// Sorting by it begins with the largest.
    pub const fn largest_first(self) -> Column {
        Column {
            largest_first: true,
            ..self
        }
    }

    /// Sorting by it begins with the smallest.
    pub const fn smallest_first(self) -> Column {
        Column {
            largest_first: false,
            ..self
        }
    }

    /// Its values move.
    pub const fn live(self) -> Column {
        Column { live: true, ..self }
    }
}

/// A column that has room, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index in the table's columns.
    pub index: usize,
    /// First cell, from the table's left edge.
    pub x: u16,
    /// Cells.
    pub width: u16,
}

/// Cells before the first column: cursor and sign.
pub const GUTTER: u16 = 3;

/// Cells between two columns.
pub const GAP: u16 = 1;

/// Picks the columns that fit by rank and gives out what room is left. `wanted` is the width that
/// each column's content asks for; `shift` leaves out that many columns after the first.
pub fn place(columns: &[Column], wanted: &[u16], shift: usize, width: u16) -> Vec<Placed> {
    let room = width.saturating_sub(GUTTER);
    let mut by_rank: Vec<usize> = (0..columns.len())
        .filter(|index| *index == 0 || *index > shift)
        .collect();
    by_rank.sort_by_key(|index| columns[*index].rank);
    let mut used = 0;
    let mut chosen: Vec<(usize, u16)> = Vec::new();
    for index in by_rank {
        let column = &columns[index];
        let gap = if chosen.is_empty() { 0 } else { gap(column) };
        // One that does not fit ends it: a less important one must not take its place.
        if used + gap + column.width > room && !chosen.is_empty() {
            break;
        }
        let width = column.width.min(room);
        used += gap + width;
        chosen.push((index, width));
    }
    let mut spare = room.saturating_sub(used);
    for (index, width) in &mut chosen {
        let column = &columns[*index];
        let wanted = wanted.get(*index).copied().unwrap_or(0).min(column.most);
        let more = wanted.saturating_sub(*width).min(spare);
        *width += more;
        spare -= more;
    }
    chosen.sort_by_key(|(index, _)| *index);
    let mut end = None;
    chosen
        .into_iter()
        .map(|(index, room)| {
            let x = end.map_or(GUTTER.min(width), |end| end + gap(&columns[index]));
            end = Some(x + room);
            Placed {
                index,
                x,
                width: room,
            }
        })
        .collect()
}

/// Cells between a column and the one before it.
fn gap(column: &Column) -> u16 {
    GAP + u16::from(column.apart)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column::text(Col::Name, "NAME", 8, 0).growing(20),
        Column::number(Col::Cpu, "CPU", 4, 3),
        Column::text(Col::Status, "STATUS", 10, 1),
        Column::number(Col::Load, "LOAD", 5, 2),
    ];

    fn shown(width: u16, shift: usize) -> Vec<(Col, u16)> {
        let placed = place(COLUMNS, &[15, 0, 0, 0], shift, width);
        placed
            .iter()
            .map(|p| (COLUMNS[p.index].col, p.width))
            .collect()
    }

    #[test]
    fn columns_leave_by_rank_and_the_name_takes_what_is_left() {
        assert_eq!(
            shown(80, 0),
            [
                (Col::Name, 15),
                (Col::Cpu, 4),
                (Col::Status, 10),
                (Col::Load, 5)
            ]
        );
        assert_eq!(
            shown(30, 0),
            [(Col::Name, 10), (Col::Status, 10), (Col::Load, 5)]
        );
        assert_eq!(shown(24, 0), [(Col::Name, 10), (Col::Status, 10)]);
        assert_eq!(shown(9, 0), [(Col::Name, 6)]);
        assert_eq!(
            shown(80, 1),
            [(Col::Name, 15), (Col::Status, 10), (Col::Load, 5)]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_clipped(width in 0_u16..200, shift in 0_usize..6, wanted in 0_u16..300) {
            let placed = place(COLUMNS, &[wanted; 4], shift, width);
            for pair in placed.windows(2) {
                prop_assert!(pair[0].x + pair[0].width + GAP <= pair[1].x);
            }
            if let Some(last) = placed.last() {
                prop_assert!(last.x + last.width <= width);
            }
        }
    }
}
