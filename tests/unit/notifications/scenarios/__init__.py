"""What the use cases promise, whatever the store: run on the fake and on the real one alike."""

from collections.abc import Awaitable, Callable

from tests.unit.notifications.scenarios import addressing, reporting, sending
from tests.unit.notifications.scenarios.world import World

Scenario = Callable[[World], Awaitable[None]]
SCENARIOS: list[Scenario] = [
    sending.every_reason_survives_being_stored,
    sending.a_mail_is_claimed_with_its_contact_sent_and_said,
    sending.an_event_heard_twice_writes_one_mail,
    sending.a_claim_keeps_others_away_until_its_lease_has_run_out,
    sending.a_late_finisher_changes_nothing,
    sending.a_process_takes_back_what_it_had_claimed_and_only_that,
    sending.a_delayed_mail_is_tried_again_later_and_a_rejected_one_never,
    sending.a_code_that_has_expired_is_not_sent_and_that_is_said,
    sending.a_mail_without_code_is_given_up_after_a_day,
    sending.a_newer_code_cancels_the_mail_with_the_older_one,
    sending.an_older_code_heard_after_a_newer_one_is_not_sent,
    sending.a_person_sees_the_own_mails_the_newest_first,
    sending.codes_of_different_series_leave_each_other_alone,
    addressing.the_newest_address_is_used,
    addressing.a_mail_whose_address_is_unknown_waits_for_it,
    addressing.a_person_without_address_is_known_by_name_until_there_is_one,
    addressing.a_mail_for_whom_has_no_address_is_not_written_where_nothing_can_be_on_its_way,
    addressing.a_mail_that_waited_in_vain_for_an_address_failed_only_if_there_may_be_one,
    addressing.a_mail_to_an_own_address_that_could_not_be_sent_failed_although_the_account_has_none,
    addressing.a_wished_for_address_is_asked_and_the_present_one_told,
    addressing.whether_a_wished_for_address_was_written_to_is_not_said,
    addressing.a_first_address_is_asked_and_one_that_cannot_be_had_is_not,
    addressing.a_changed_address_is_told_to_both_however_often_it_is_heard,
    addressing.an_own_address_is_written_to_although_another_is_known_and_forgotten_then,
    addressing.a_person_whose_account_is_closed_is_forgotten_and_not_written_to,
    reporting.a_mail_that_comes_back_is_said_to_have_failed_however_often_that_is_reported,
    reporting.a_report_that_comes_before_the_record_of_the_sending_counts_and_the_record_comes_too_late,
    reporting.a_delay_is_recorded_and_not_said_even_while_the_mail_is_being_sent,
    reporting.a_report_on_a_mail_that_is_not_ours_changes_nothing,
    reporting.of_each_mail_about_a_move_the_address_that_failed_is_told_from_the_others,
    addressing.a_closed_account_is_told_at_its_own_address_and_keeps_no_warning_back,
]
