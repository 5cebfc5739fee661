//! The local time zone. Knows nothing of calendars.

/// What is added to UTC for local time at `at_unix_seconds`, in seconds: the system's zone (`TZ`,
/// /etc/localtime) with its daylight saving time. 0 where the zone cannot be had.
pub fn utc_offset(at_unix_seconds: i64) -> i32 {
    let at: libc::time_t = at_unix_seconds;
    let mut local = std::mem::MaybeUninit::<libc::tm>::zeroed();
    #[allow(unsafe_code, reason = "the zone database is libc's")]
    // SAFETY: both pointers are to values on this stack; localtime_r writes the second, which zeroes are
    // valid for, whether it succeeds or not.
    let offset = unsafe {
        if libc::localtime_r(&raw const at, local.as_mut_ptr()).is_null() {
            return 0;
        }
        local.assume_init().tm_gmtoff
    };
    i32::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_within_a_day_and_far_years_do_no_harm() {
        for at in [0, 1_700_000_000, 4_102_444_800] {
            assert!(utc_offset(at).abs() < 86_400);
        }
        assert_eq!(utc_offset(i64::MAX), 0);
    }
}
