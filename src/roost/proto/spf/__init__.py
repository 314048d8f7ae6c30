"""SPF: may this host send mail for that domain? RFC 7208."""
