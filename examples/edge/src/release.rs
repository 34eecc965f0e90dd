//! The release id: the config wins, then what systemd sets, then `dev`.

const VARIABLE: &str = "PDEPLOY_RELEASE";

pub fn resolve(configured: Option<&str>) -> Result<String, String> {
    if let Some(release) = configured {
        return Ok(release.to_owned());
    }
    match std::env::var(VARIABLE) {
        Ok(release) if !release.is_empty() => {
            check(&release).map(|()| release).map_err(|why| format!("{VARIABLE}: {why}"))
        }
        _ => Ok("dev".into()),
    }
}

/// It becomes a header value and a metric label.
pub fn check(release: &str) -> Result<(), String> {
    if (1..=128).contains(&release.len()) && release.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(format!("{release:?} is not 1 to 128 printable ASCII characters without spaces"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_into_a_header() {
        assert!(check("9b7e01d").is_ok());
        for bad in ["", "a b", "a\nb", "é", &"x".repeat(129)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_config_wins() {
        assert_eq!(resolve(Some("r1")).unwrap(), "r1");
    }
}
