"""A mailbox for every address there is: takes mail by SMTP, shows it on a page and by Mailpit's API."""
