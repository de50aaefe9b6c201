"""What one feature does when another acts: the only way that siblings meet."""

from blinker import Namespace

_signals = Namespace()

#: sender: Workflow; record, transition, actor, source, target, comment, fields. Sent inside the transaction.
before_transition = _signals.signal("before-transition")
#: Of many: set_moves, transition, and `placed` when the records were created in the state that they are in.
after_transition = _signals.signal("after-transition")

#: sender: the employers package; moves: list of (employer_id, source, target). Sent inside the transaction.
stage_changed = _signals.signal("stage-changed")

#: sender: the batch (app.imports). Sent inside the transaction that ends the import of a file.
import_applied = _signals.signal("import-applied")

#: sender: imports; due (an expected file that is late), again (it had come, and was taken back).
file_missing = _signals.signal("file-missing")

#: sender: imports; due, batch (None when nobody waits for it any more), actor.
file_arrived = _signals.signal("file-arrived")

#: sender: the name of a table; ids of records that an undo would remove. Each receiver answers with those of
#: the ids that something hangs on though no foreign key tells, by the table that does: these records stay.
records_going = _signals.signal("records-going")

#: sender: contributions; period, employer_ids. Sent inside the transaction that records the statement.
statement_recorded = _signals.signal("statement-recorded")

#: sender: contributions; employer_ids. A statement was taken back: an older one speaks for these again.
statement_withdrawn = _signals.signal("statement-withdrawn")

#: no sender; employer_ids. Approved terms of deferment, or plans for making up, are others than they were.
terms_changed = _signals.signal("terms-changed")

#: no sender; employer_ids. Whether these firms operate is known to be otherwise: by a correction, by a list,
#: or since a list was taken back.
operating_status_changed = _signals.signal("operating-status-changed")

#: sender: campaigns; message_ids, outcome. Sent inside the transaction that settles them.
message_settled = _signals.signal("message-settled")

#: sender: the segment. Each receiver answers with the reasons (translatable) why it is still needed, if any.
segment_deleting = _signals.signal("segment-deleting")

#: sender: the campaign. A receiver that knows for whom it is meant answers with the ids of the contacts by
#: employer: these are written to, each of them, instead of whom the order of roles gives.
persons_meant = _signals.signal("persons-meant")

#: sender: the list's name; title, actor_id, rows, criteria (a sentence), columns (names), personal (in full);
#: with personal data in full also reason, sha256 of the workbook, and the columns in_full.
#: Sent after the workbook is made, in the transaction that ends the request.
list_exported = _signals.signal("list-exported")

#: sender: the list's name; run (core.listing.runs), title (msgid of the action), actor_id, state, counts,
#: criteria (a sentence). Sent in the transaction that ends a bulk action, or its undoing.
list_acted = _signals.signal("list-acted")

#: sender: the list's name; run. Sent when somebody fetches the file of an export, which writes nothing.
export_fetched = _signals.signal("export-fetched")

#: no sender; handovers (employers.people.services.serving.Handover: roles of handlers that were taken up, and
#: those that ended with each), actor. Other people handle the fund's business at these employers.
handlers_changed = _signals.signal("handlers-changed")

#: no sender; link_ids. These roles were entered by an import that is being undone.
roles_withdrawn = _signals.signal("roles-withdrawn")

#: sender: the contact; actor. Somebody made sure of the mobile number.
contact_verified = _signals.signal("contact-verified")

#: no sender; options (core.options) that were given another value, from today or a later day on.
options_set = _signals.signal("options-set")

#: no sender; options, since (a day that has passed, from which they have other values now). Each receiver
#: answers with sentences (translatable) on what was reckoned by the values before, and stays as it is.
options_backdated = _signals.signal("options-backdated")

#: sender: the contact; number, how (employers.models.VerifiedHow), on (a day). Somebody at this number
#: answered as this person.
number_answered = _signals.signal("number-answered")

#: sender: the contact; employer, number, place (the drive's name), source (kind and id of the record), note,
#: actor. Somebody was told that this person has another number: it is checked before it is written down.
number_proposed = _signals.signal("number-proposed")

#: sender: the task; owner. A person passed it on: what gave rise to it goes along.
task_passed_on = _signals.signal("task-passed-on")

#: sender: the employer; old, new (users or None), actor. Each receiver answers with the number of open tasks
#: that it passed on.
owner_changed = _signals.signal("owner-changed")

#: sender: the employer; at (a moment), in_person, actor. Somebody of the department spoke to the employer.
employer_met = _signals.signal("employer-met")

#: sender: the employer; on (a day), others (days and whether in person). What was taken for a contact of that
#: day was none; `others` are all that remain.
contact_withdrawn = _signals.signal("contact-withdrawn")

#: sender: the employer that is kept; merged (the other's record, a signpost now). Whoever keeps rows in line
#: with employers does so now, and names the columns in `Mover.follows`.
employers_merged = _signals.signal("employers-merged")

#: sender: ids of employers. What is known of them or of their people changed by sets, past the session, in a
#: merge, its undoing or the forgetting of people: what is reckoned from it is reckoned anew.
employers_rewritten = _signals.signal("employers-rewritten")
