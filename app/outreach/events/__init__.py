"""Events to which employers are invited: briefings, trainings, open days; who was asked, and who came."""
